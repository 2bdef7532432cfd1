"""Which sentences are the article's prose, and which are headings or boilerplate, by rule."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Document

PROSE, HEADING, BOILERPLATE = 0, 1, 2
_LONGEST_HEADING = 14  # words
_LONGEST_INTRODUCTION = 5  # words of a heading that ends in a colon; longer ones announce a list
_LONGEST_BOILERPLATE = 30  # words
_ENDS_PROSE = frozenset(".!?;,…")
_BULLETS = frozenset("-*•|+")

# A sentence is tried against the first pattern only if its first word can begin it, against the second only if the
# text has one of its literals: most articles have neither, and a pattern costs more than all the rest of the rule.
_OPENING = re.compile(
    r"""
    (?:by|written\sby|posted\sby|photo(?:graph)?s?\s(?:by|courtesy)|image\s(?:credit|source|via)|source|via)\b[:\s]+
        (?-i:[A-Z])[\w.'-]*[\s,]*(?:(?:and\s)?(?-i:[A-Z])[\w.'-]*[\s,]*){0,5}$
    | (?:share|tweet|print|email|comments?|advertisement|sponsored|related|tags?|categories|filed\sunder|read\smore
        |see\salso|next|previous|menu|search|home|log\sin|sign\s(?:in|up)|subscribe)\b.{0,25}(?<![.!?])$
    | you\s(?:may|might)\salso\slike | related\s(?:stories|articles|posts) | leave\sa\s(?:comment|reply) | click\shere
    | image\s\d | story\scontinues | continue\sreading | scroll\s(?:down|for)
    | this\sarticle\s(?:was\soriginally|first) | as\san\sai\b | i'?m\ssorry,?\sbut\s(?:as|i)\b
    | (?:sure|certainly)!?,?\shere | note:\sthis | hide\scaption | toggle\scaption | enlarge\sthis | about\sthe\sauthor
    | here\sis\s(?:the|a|an|your)\s(?:rewritten|revised|paraphrased|article|essay)
    | follow\s(?:us|me|him|her|them)\son | (?:photo|video|embed|advertisement|caption)\b[^.]*$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STARTS = frozenset(
    "about advertisement as by caption categories certainly click comment comments continue email embed enlarge filed "
    "follow here hide home i'm im image leave log menu next note photo photograph photographs photos posted previous "
    "print read related scroll search see share sign source sponsored story subscribe sure tag tags this toggle tweet "
    "via video written you".split()
)
_LITERALS = (
    "rights reserved", "©", "copyright", "getty images", "ap photo", "press contributed", "sign up", "subscribe",
    "newsletter", "ai language model", "terms of", "privacy policy", "may not be", "http", "@",
    "reached at", "him at", "her at", "them at", "contact me at", "contact us at",
)  # fmt: skip
_ANY_LITERAL = (*_LITERALS, "reach me at")  # one of them is in every sentence that the pattern below finds
_ANYWHERE = re.compile(
    r"""
    all\srights\sreserved | ©\s?\d{4} | copyright\s(?:\(c\)\s)?\d{4} | ^(?!.*[.!?]\s).*getty\simages | \bap\sphoto\b
    | associated\spress\scontributed | (?:sign\sup|subscribe)\s(?:for|to)\s(?:our|the|my)\b
    | newsletter\b.{0,40}\b(?:inbox|sign\sup|subscribe) | \bas\san\sai\slanguage\smodel\b
    | terms\sof\s(?:service|use)\b.{0,40}privacy | privacy\spolicy | may\snot\sbe\s(?:published|reproduced|reprinted)
    | ^https?://\S+$ | ^\S+@\S+\.\w+$
    | (?:can\sbe\sreached|contact\s(?:him|her|them|me|us)|reach\s(?:him|her|me))\sat\b.{0,80}(?:@|\d{3})
    """,
    re.VERBOSE | re.IGNORECASE,
)


def roles(document: Document) -> NDArray[np.uint8]:
    """Return PROSE, HEADING or BOILERPLATE for every sentence (S,)."""
    source = document.source
    text = source.text
    role = np.full(document.n_sentences, PROSE, np.uint8)
    words = document.words.tolist()
    starts, ends = document.sentence_start.tolist(), document.sentence_end.tolist()
    last = len(role) - 1
    lowered = text.lower()
    anywhere = any(literal in lowered for literal in _LITERALS)
    for i, count in enumerate(words):
        if count > _LONGEST_BOILERPLATE:
            continue
        start, end = starts[i], ends[i]
        sentence = text[start:end]
        if _is_boilerplate(sentence, anywhere):
            role[i] = BOILERPLATE
        elif count <= _LONGEST_HEADING and i < last and _is_heading(text, start, end, count):
            role[i] = HEADING
    if source.headings:
        low = np.array([span[0] for span in source.headings])
        high = np.array([span[1] for span in source.headings])
        at = np.searchsorted(low, document.sentence_start, side="right") - 1
        role[(at >= 0) & (document.sentence_start < high[np.maximum(at, 0)])] = HEADING
    if source.items:
        items = {span[0] for span in source.items}
        for i in np.flatnonzero(role == HEADING).tolist():
            if starts[i] in items:
                role[i] = PROSE
    return role


def _is_boilerplate(sentence: str, anywhere: bool) -> bool:
    """Tell whether a short sentence is navigation, credit or debris; ``anywhere``: the text has one of the literals."""
    first = (sentence.split(None, 1) or [""])[0]
    if first.lower().strip("[(,:!") in _STARTS and _OPENING.match(sentence.lstrip("[(")):
        return True
    if anywhere:
        lowered = sentence.lower().replace("\n", " ")
        if any(literal in lowered for literal in _ANY_LITERAL) and _ANYWHERE.search(sentence):
            return True
    return not sentence[:1].isalnum() and not any(map(str.isalnum, sentence))


def _is_heading(text: str, start: int, end: int, words: int) -> bool:
    """Tell whether a short sentence stands on a line of its own and does not end as prose does."""
    if text[start - 1 : start] not in ("", "\n") or text[end : end + 1] != "\n" or text[start] in _BULLETS:
        return False
    closing = text[start:end].rstrip("\"')]")[-1:]
    if not closing or closing in _ENDS_PROSE or text[start].islower():
        return False
    return closing != ":" or words <= _LONGEST_INTRODUCTION
