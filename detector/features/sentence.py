"""The features of one sentence in its article, in the order the sentence head knows them.

All are defined for every sentence. Counts enter as ln(1 + count), so that the tenth
number adds less than the first.
"""

from __future__ import annotations

import numpy as np

from detector.features.background import Floats
from detector.features.view import View, segment_reduce
from detector.text.document import Flags, Ints, ending_code, hash_word

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
# Counts beyond these say no more: few labelled articles are longer, and a long text is no denser for being long.
MOST_SENTENCES, MOST_PARAGRAPHS, MOST_WORDS = 30, 15, 600
_MARK_HASHES = np.array([hash_word(mark) for mark in MARKS.values()], np.uint64)
_MARK_ORDER = _MARK_HASHES.argsort()
_SORTED_MARKS = _MARK_HASHES[_MARK_ORDER]
_QUESTION = list(MARKS).index("questions")
_ENDING_CODES = np.array([ending_code(letters) for letters in ENDINGS])
_ENDING_ORDER = _ENDING_CODES.argsort()
_SORTED_ENDINGS = _ENDING_CODES[_ENDING_ORDER]

COUNTS = ("names", "new_names", "numbers", "new_numbers", "rare_new_words", "very_rare_new_words")
SHARES = ("function_word_share", "unknown_word_share", "capital_share", "rare_word_share")
_COUNTED_IN_SHARES = ("unknown_words", "capitals", "rare_words")
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
_N_OTHERS = len(OTHERS)
_N_CLASSES = len(ENDINGS) + len(RARITY_STEPS)
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
    if not count:
        return np.zeros((0, len(NAMES)))
    sums, overlap = view.sums, view.overlap
    words = np.maximum(sums["words"], 1.0)
    function = view.list_counts[:, view.lists.index("function_words")]
    content = np.maximum(sums["content"], 1)
    highest = segment_reduce(np.maximum, _rarity(view), view.bounds)
    marks, question = _marks(view)
    listed = view.list_counts[:, [view.lists.index(name) for name in LISTS]].T
    parts = (
        np.log1p(sums["words"]),
        sums["content_idf"] / content,
        highest,
        sums["new_idf"] / np.maximum(sums["content_idf"], 1e-9),
        np.log1p(sums["new_idf"]),
        sums["letters"] / words,
        _repeated(view) / words,
        np.sqrt(np.einsum("ij,ij->i", view.plain, view.plain)),
        question,
        np.log1p([sums[name] for name in COUNTS]),
        function / words,
        np.array([sums[name] for name in _COUNTED_IN_SHARES]) / words,
        np.log1p(marks),
        listed / words,
        _word_classes(view) / words,
        _common(view),
        [getattr(overlap, name) for name in OVERLAPS],
        _places(view),
        _article(view).repeat(view.texts[1:] - view.texts[:-1], axis=1),
    )
    rows = np.empty((len(NAMES), count))
    at = 0
    for part in parts:
        size = len(part) if np.ndim(part) > 1 else 1
        rows[at : at + size] = part
        at += size
    return rows.T


def _rarity(view: View) -> Floats:
    """Return the rarity of each content word, and of each that is new, (2, W)."""
    rarity = np.empty((2, len(view.idf)))
    np.multiply(view.idf, view.content, out=rarity[0])
    np.multiply(rarity[0], view.fresh, out=rarity[1])
    return rarity


def _word_classes(view: View) -> Ints:
    """Count by sentence the words with each of ENDINGS, and those at least as rare as each of RARITY_STEPS."""
    count, endings, steps = view.n_sentences, len(ENDINGS), len(RARITY_STEPS)
    codes = view.document.ending[view.word]
    found = np.minimum(_SORTED_ENDINGS.searchsorted(codes), endings - 1)
    ends = (_SORTED_ENDINGS[found] == codes).nonzero()[0]
    by_ending = np.bincount(view.sentence[ends] * endings + _ENDING_ORDER[found[ends]], minlength=count * endings)
    level = np.minimum(view.idf.astype(np.int64), steps)  # the steps are 1, 2, 3 …
    by_level = np.bincount(view.sentence * (steps + 1) + level, minlength=count * (steps + 1))
    above = by_level.reshape(count, steps + 1)[:, :0:-1].cumsum(axis=1)[:, ::-1]
    return np.concatenate((by_ending.reshape(count, endings), above), axis=1).T


def _repeated(view: View) -> Ints:
    """Count the 2- and 3-grams of each sentence that an earlier one has, then those that a later one has, (4, S)."""
    rows = []
    for repeats in view.repeats[:2]:
        where = view.sentence[repeats.at]
        rows.append(np.bincount(where[repeats.earliest < where], minlength=view.n_sentences))
        rows.append(np.bincount(where[repeats.latest > where], minlength=view.n_sentences))
    return np.array([rows[0], rows[2], rows[1], rows[3]])


def _common(view: View) -> Floats:
    """Return the share of common n-grams and their mean log2 count, in the order of ``COMMON``."""
    sums = view.sums
    number = np.maximum(sums["words"] - [[1], [2]], 1)
    shares = np.array([sums["common_2grams"], sums["common_3grams"]]) / number
    return np.concatenate((shares, np.array([sums["log_2grams"], sums["log_3grams"]]) / number))


def _marks(view: View) -> tuple[Ints, Floats]:
    """Return counts of each mark (len(MARKS), S), and whether the last or last but one token is a question mark."""
    document = view.document
    count = view.n_sentences
    places = (~document.is_word).nonzero()[0]
    hashes = document.hash[places]
    found = np.minimum(_SORTED_MARKS.searchsorted(hashes), len(MARKS) - 1)
    hit = (_SORTED_MARKS[found] == hashes).nonzero()[0]
    keys = document.sentence[places[hit]] * len(MARKS) + _MARK_ORDER[found[hit]]
    counts = np.bincount(keys, minlength=count * len(MARKS)).reshape(count, len(MARKS)).T
    ends = np.zeros(count)
    if counts[_QUESTION].any():
        ends[_is_question_near_end(view)] = 1.0
    return counts, ends


def _is_question_near_end(view: View) -> Flags:
    document = view.document
    question = document.hash == _MARK_HASHES[_QUESTION]
    near = np.zeros(view.n_sentences, np.bool_)
    for back in (1, 2):
        at = document.first_token[1:] - back
        near |= (at >= document.first_token[:-1]) & question[np.maximum(at, 0)]
    return near


def _places(view: View) -> Floats:
    """Return where each sentence stands in its text, in the order of ``PLACES``."""
    sizes = view.texts[1:] - view.texts[:-1]
    before = np.arange(view.n_sentences) - view.texts[:-1].repeat(sizes)
    after = sizes.repeat(sizes) - 1 - before
    paragraph = view.document.paragraph
    opens, closes = before == 0, after == 0
    change = paragraph[1:] != paragraph[:-1]
    opens[1:] |= change
    closes[:-1] |= change
    number = opens.cumsum() - 1
    size = np.bincount(number)[number]
    return np.array(
        [
            before / np.maximum(before + after, 1),
            before == 0,
            before == 1,
            after == 0,
            np.log1p(np.minimum(before, MOST_SENTENCES)),
            np.log1p(np.minimum(after, MOST_SENTENCES)),
            opens,
            closes,
            np.log1p(np.minimum(size, MOST_PARAGRAPHS)),
        ]
    )


def _article(view: View) -> Floats:
    """Return measures of whole articles, in the order of ``ARTICLE``: (len(ARTICLE), T)."""
    texts, sums = view.texts, view.sums
    sizes = texts[1:] - texts[:-1]
    filled = sizes > 0
    paragraphs = np.zeros(len(sizes))
    paragraphs[filled] = view.document.paragraph[texts[1:][filled] - 1] + 1
    all_words, names, numbers = view.per_text(np.array([sums["words"], sums["names"], sums["numbers"]]))
    words = np.maximum(all_words, 1)
    prose = view.prose.astype(np.int64)
    before = prose.cumsum() - prose  # sentences of prose, in all texts so far
    opening = view.prose & (before - before[np.minimum(texts[:-1], len(prose) - 1)].repeat(sizes) < MOST_SENTENCES)
    new, known = view.per_text(np.array([sums["new_idf"], sums["content_idf"]]) * opening)
    starts = np.arange(len(view.word)) - view.words[:-1].repeat(np.diff(view.words))
    first = np.bincount(
        view.text[view.sentence[(view.first & (starts < MOST_WORDS)).nonzero()[0]]], minlength=len(sizes)
    )
    return np.array(
        [
            np.log1p(np.minimum(sizes, MOST_SENTENCES)),
            np.log1p(np.minimum(paragraphs, MOST_PARAGRAPHS)),
            first / np.minimum(words, MOST_WORDS),
            view.totals["content_idf"] / np.maximum(view.totals["content"], 1),
            numbers / words,
            names / words,
            new / np.maximum(known, 1e-9),
            np.log1p(words / np.maximum(view.prose_sentences, 1)),
        ]
    )
