"""The features of one sentence in its article, in the order the sentence head knows them.

All are defined for every sentence. Counts enter as ln(1 + count), so that the tenth
number adds less than the first.
"""

from __future__ import annotations

import numpy as np

from detector.features.background import Floats
from detector.features.view import Grams, View
from detector.text.document import Flags, ending_code, hash_word

MARKS = {
    "double_quotes": '"',
    "questions": "?",
    "exclamations": "!",
    "colons": ":",
    "semicolons": ";",
    "commas": ",",
    "hyphens": "-",
    "dashes": "—",
    "brackets": "(",
    "percents": "%",
    "dollars": "$",
    "pounds": "£",
    "stops": ".",
}
# Closed classes of words only: lists chosen on the labelled articles would carry their labels into every fold.
LISTS = (
    "attribution_verbs",
    "causal",
    "months_days",
    "number_words",
    "first_person",
    "second_person",
    "third_person",
    "anyone",
    "quantifiers",
    "negations",
    "copulas",
    "past_auxiliaries",
    "demonstratives",
    "indefinite_articles",
    "definite_articles",
    "modals",
    "comparatives",
    "conditions",
    "wh_words",
    "time_words",
    "feeling_verbs",
)
ENDINGS = ("ed", "ng", "ly", "on", "ty", "ss", "nt", "al", "er")
RARITY_STEPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)  # idf
_MARK_HASHES = np.array([hash_word(mark) for mark in MARKS.values()], np.uint64)
_ENDING_CODES = np.array([ending_code(letters) for letters in ENDINGS])
_STEPS = np.array(RARITY_STEPS)

COUNTS = ("names", "new_names", "numbers", "new_numbers", "rare_new_words", "very_rare_new_words")
SHARES = ("function_word_share", "unknown_word_share", "capital_share", "rare_word_share")
OVERLAPS = (
    "covered_before",
    "covered_after",
    "similar_before",
    "similar_after",
    "covered_by_previous",
    "covered_by_first",
    "central",
    "vector_before",
    "vector_after",
    "vector_previous",
    "vector_first",
    "vector_central",
)
OTHERS = (
    "log_words",
    "mean_idf",
    "highest_idf",
    "highest_new_idf",
    "novelty",
    "new_information",
    "word_length",
    "repeated_2grams",
    "repeated_3grams",
    "later_2grams",
    "later_3grams",
    "vector_focus",
    "ends_with_question",
)
COMMON = ("common_2grams", "common_3grams", "mean_log_2gram", "mean_log_3gram")
PLACES = (
    "position",
    "is_first",
    "is_second",
    "is_last",
    "log_position",
    "log_from_end",
    "opens_paragraph",
    "closes_paragraph",
    "log_paragraph_sentences",
)
ARTICLE = (
    "log_sentences",
    "log_paragraphs",
    "article_type_token_ratio",
    "article_mean_idf",
    "article_number_share",
    "article_name_share",
    "article_novelty",
    "article_log_sentence_words",
)
NAMES: tuple[str, ...] = (
    *OTHERS,
    *COUNTS,
    *SHARES,
    *MARKS,
    *(f"list_{name}" for name in LISTS),
    *(f"ending_{letters}" for letters in ENDINGS),
    *(f"idf_above_{step:.0f}" for step in RARITY_STEPS),
    *COMMON,
    *OVERLAPS,
    *PLACES,
    *ARTICLE,
)


def sentence_features(view: View) -> Floats:
    """Return the features of every sentence, (S, len(NAMES)), in the order of ``NAMES``."""
    count = view.n_sentences
    words = np.maximum(np.diff(view.bounds), 1).astype(np.float64)
    content_idf = view.idf * view.content
    rare, very_rare = view.content & (view.idf > 5.0), view.content & (view.idf > 6.5)
    length = (view.document.end - view.document.start)[view.word]
    lists = [view.list(name) for name in LISTS]
    flags = np.array(
        [
            view.name,
            view.name & view.first,
            view.number,
            view.number & view.first,
            rare & view.first,
            very_rare & view.first,
            ~view.content,
            ~view.known,
            view.document.is_capital[view.word],
            rare,
            *lists,
            *(view.document.ending[view.word] == _ENDING_CODES[:, None]),
            *(view.idf >= _STEPS[:, None]),
            view.content,
        ]
    )
    sums = view.per_sentence(np.concatenate((flags, [content_idf, content_idf * view.fresh, length])))
    n_counts, n_shares = len(COUNTS), len(SHARES)
    counts, shares, in_lists = np.split(sums[:-4], (n_counts, n_counts + n_shares))
    content, idf, new_idf, letters = sums[-4:]
    repeats2, later2 = _repeats(view, view.grams[1])
    repeats3, later3 = _repeats(view, view.grams[2])
    marks, question = _marks(view)
    highest, highest_new = _maxima(view, content_idf)
    overlap = view.overlap
    rows = [
        np.log1p(np.diff(view.bounds)),
        idf / np.maximum(content, 1),
        highest,
        highest_new,
        new_idf / np.maximum(idf, 1e-9),
        np.log1p(new_idf),
        letters / words,
        repeats2 / words,
        repeats3 / words,
        later2 / words,
        later3 / words,
        np.sqrt(np.einsum("ij,ij->i", view.plain, view.plain)),
        question,
        *np.log1p(counts),
        *(shares / words),
        *np.log1p(marks),
        *(in_lists / words),
        *_common(view),
        *(getattr(overlap, name) for name in OVERLAPS),
        *_places(view),
        *(np.full(count, value) for value in _article(view, idf, new_idf, content)),
    ]
    return np.array(rows).T if count else np.zeros((0, len(NAMES)))


def _common(view: View) -> list[Floats]:
    """Return the share of common n-grams and their mean log2 count, in the order of ``COMMON``."""
    shares, means = [], []
    for grams, common in zip(view.grams[1:3], view.common, strict=True):
        sentence = view.sentence[grams.at]
        number = np.maximum(np.bincount(sentence, minlength=view.n_sentences), 1)
        shares.append(np.bincount(sentence, common > 0, view.n_sentences) / number)
        means.append(np.bincount(sentence, common, view.n_sentences) / number)
    return [*shares, *means]


def _marks(view: View) -> tuple[Floats, Floats]:
    """Return counts of each mark (len(MARKS), S), and whether the last or last but one token is a question mark."""
    document = view.document
    places = np.flatnonzero(~document.is_word)
    hashes, sentence = document.hash[places], document.sentence[places]
    bounds = np.searchsorted(sentence, np.arange(view.n_sentences + 1))
    counts = np.add.reduceat(
        np.concatenate((hashes == _MARK_HASHES[:, None], np.zeros((len(MARKS), 1), np.bool_)), axis=1),
        bounds[:-1],
        axis=1,
        dtype=np.float64,
    )
    counts[:, bounds[:-1] == bounds[1:]] = 0.0
    ends = (counts[list(MARKS).index("questions")] > 0) & _is_question_near_end(view)
    return counts, ends.astype(np.float64)


def _is_question_near_end(view: View) -> Flags:
    document = view.document
    question = document.hash == _MARK_HASHES[list(MARKS).index("questions")]
    near = np.zeros(view.n_sentences, np.bool_)
    for back in (1, 2):
        at = document.first_token[1:] - back
        near |= (at >= document.first_token[:-1]) & question[np.maximum(at, 0)]
    return near


def _maxima(view: View, content_idf: Floats) -> tuple[Floats, Floats]:
    """Return the highest rarity of a content word and of a new one, by sentence, 0 without any."""
    both = np.stack([content_idf, content_idf * view.fresh])
    highest = np.zeros((2, view.n_sentences))
    filled = np.flatnonzero(np.diff(view.bounds))
    if len(filled):
        highest[:, filled] = np.maximum.reduceat(both, view.bounds[:-1][filled], axis=1)
    return highest[0], highest[1]


def _repeats(view: View, grams: Grams) -> tuple[Floats, Floats]:
    """Count the n-grams of each sentence that an earlier, and that a later, sentence has."""
    if not len(grams.hash):
        zero = np.zeros(view.n_sentences)
        return zero, zero
    sentence = view.sentence[grams.at]
    order = np.argsort(grams.hash, kind="stable")
    ordered, where = grams.hash[order], sentence[order]
    opens = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    size = np.diff(np.append(opens, len(ordered)))
    earliest = np.repeat(where[opens], size)
    latest = np.repeat(where[opens + size - 1], size)
    before = np.bincount(where[earliest < where], minlength=view.n_sentences)
    after = np.bincount(where[latest > where], minlength=view.n_sentences)
    return before.astype(np.float64), after.astype(np.float64)


def _places(view: View) -> list[Floats]:
    """Return where each sentence stands, in the order of ``PLACES``."""
    count = view.n_sentences
    place = np.arange(count)
    paragraph = view.document.paragraph
    change = paragraph[1:] != paragraph[:-1]
    opens, closes = np.ones(count), np.ones(count)
    opens[1:], closes[:-1] = change, change
    size = np.bincount(paragraph)[paragraph] if count else np.zeros(0)
    return [
        place / max(count - 1, 1),
        (place == 0).astype(np.float64),
        (place == 1).astype(np.float64),
        (place == count - 1).astype(np.float64),
        np.log1p(place),
        np.log1p(count - 1 - place),
        opens,
        closes,
        np.log1p(size),
    ]


def _article(view: View, idf: Floats, new_idf: Floats, content: Floats) -> tuple[float, ...]:
    """Return measures of the whole article, in the order of ``ARTICLE``."""
    prose = view.prose
    words = max(len(view.word), 1)
    kinds = int(np.count_nonzero(view.first))
    return (
        float(np.log1p(view.n_sentences)),
        float(np.log1p(int(view.document.paragraph[-1]) + 1 if view.n_sentences else 0)),
        kinds / words,
        float(idf[prose].sum() / max(content[prose].sum(), 1)),
        int(np.count_nonzero(view.number)) / words,
        int(np.count_nonzero(view.name)) / words,
        float(new_idf[prose].sum() / max(idf[prose].sum(), 1e-9)),
        float(np.log1p(words / max(int(np.count_nonzero(prose)), 1))),
    )
