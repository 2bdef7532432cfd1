"""The reasons of the machine head in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

GROUPS = (
    "machine_words",
    "human_words",
    "machine_phrases",
    "human_phrases",
    "machine_punctuation",
    "human_punctuation",
)
_GROUP_NOUNS = (("word", "words"), ("phrase", "phrases"), ("turn of punctuation", "turns of punctuation"))
_LONGEST_QUOTE = 40

# What is said of each habit: the noun, and how its value is written.
_HABITS: dict[str, tuple[str, str]] = {
    "stops": ("full stops per 100 words", "rate"),
    "commas": ("commas per 100 words", "rate"),
    "quotation_marks": ("quotation marks per 100 words", "rate"),
    "exclamation_marks": ("exclamation marks per 100 words", "rate"),
    "question_marks": ("question marks per 100 words", "rate"),
    "dashes": ("hyphens and dashes per 100 words", "rate"),
    "function_words": ("function words per 100 words", "rate"),
    "contractions": ("contractions per 100 words", "rate"),
    "first_person": ("first-person words per 100 words", "rate"),
    "numbers": ("numbers per 100 words", "rate"),
    "word_length_spread": ("spread of word length in letters", "plain"),
    "long_words": ("words of nine letters or more per 100", "rate"),
    "short_words": ("words of three letters or fewer per 100", "rate"),
    "sentence_length": ("mean sentence length in words", "exp"),
    "sentence_length_spread": ("spread of sentence length against its mean", "share"),
    "sentence_length_steps": ("change of length from sentence to sentence, against the mean", "share"),
    "short_sentences": ("share of sentences under eight words", "share"),
    "long_sentences": ("share of sentences over thirty words", "share"),
    "words_again_50": ("words used again within 50 words", "share"),
    "words_again_200": ("words used again within 200 words", "share"),
    "content_words_again": ("content words used again within 100 words", "share"),
    "words_used_once": ("words used only once", "share"),
    "pairs_again": ("pairs of neighbours used again", "share"),
    "fours_again": ("runs of four used again", "share"),
    "openers": ("different sentence openings", "share"),
    "comma_spread": ("spread of commas per word between sentences", "plain"),
    "word_frequency": ("mean log frequency of the words", "plain"),
    "word_frequency_spread": ("spread of the log frequency of the words", "plain"),
    "rare_words": ("rare words per 100", "rate"),
    "very_rare_words": ("very rare words per 100", "rate"),
    "unknown_words": ("unknown words in small letters per 100", "rate"),
    "sentence_rarity_spread": ("spread of word rarity between sentences", "plain"),
    "pair_familiarity": ("familiarity of neighbouring words (log chance)", "plain"),
    "pair_familiarity_spread": ("spread of the familiarity of neighbouring words", "plain"),
    "unseen_pairs": ("pairs of neighbours not seen before", "share"),
    "seen_pair_familiarity": ("familiarity of the pairs seen before (log chance)", "plain"),
}


def style_texts(
    names: tuple[str, ...], values: Sequence[float], typical: tuple[float, ...], contributions: Sequence[float]
) -> list[str]:
    """Word the habits ``names`` of a text, such as "Commas per 100 words: 7.1, typically 5.0 in human texts; …"."""
    return [
        f"{said}: {form % (math.exp(value) if factor is None else factor * value)}{usual}{_direction(part)}."
        if math.isfinite(value)
        else f"{said}: too little text to tell; taken as typical of human texts ({known})."
        for (said, form, factor, usual, known), value, part in zip(
            _frames(names, typical), values, contributions, strict=True
        )
    ]


@cache
def _frames(
    names: tuple[str, ...], typical: tuple[float, ...]
) -> tuple[tuple[str, str, float | None, str, str], ...]:
    """Return what is said of each habit in every text: noun, form and factor of its value, and the typical one."""
    frames = []
    for name, value in zip(names, typical, strict=True):
        noun, kind = _HABITS[name]
        form, factor = _FORMS[kind]
        known = form % (math.exp(value) if factor is None else factor * value)
        frames.append((noun[0].upper() + noun[1:], form, factor, f", typically {known} in human texts; ", known))
    return tuple(frames)


# How a value is written, and what it is multiplied by; None: it is a logarithm.
_FORMS: dict[str, tuple[str, float | None]] = {
    "rate": ("%.1f", 100.0),
    "share": ("%.0f %%", 100.0),
    "exp": ("%.1f", None),
    "plain": ("%.2f", 1.0),
}


def group_text(name: str, count: int, quotes: Sequence[str], contribution: float) -> str:
    """Word a group of n-grams; ``contribution`` is what it adds beyond a typical human text."""
    one, many, whose, is_human = _GROUP_FRAMES[name]
    noun = one if count == 1 else many
    such = ", such as " + ", ".join([f"“{_short(quote)}”" for quote in quotes]) if quotes else ""
    more = "more" if (contribution > 0) != is_human else "less"
    return (
        f"{count or 'No'} {noun} commoner in {whose} texts{such}; together they weigh {more} than in a typical human "
        f"text, which {_direction(contribution)}."
    )


_GROUP_FRAMES = {
    name: (*_GROUP_NOUNS[place // 2], "human" if place % 2 else "machine", bool(place % 2))
    for place, name in enumerate(GROUPS)
}


def _direction(contribution: float) -> str:
    if -0.005 < contribution < 0.005:
        return "says nothing either way"
    return "points to a machine" if contribution > 0 else "points to a person"


def _short(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= _LONGEST_QUOTE else flat[: _LONGEST_QUOTE - 1] + "…"
