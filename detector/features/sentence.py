"""The features of one sentence in its article, in the order the sentence head knows them.

All are defined for every sentence. Counts enter as ln(1 + count), so that the tenth
number adds less than the first.
"""

from __future__ import annotations

import numpy as np

from detector.features.background import Floats
from detector.features.view import View, segment_sums
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
    sizes = view.bounds[1:] - view.bounds[:-1]
    words = np.maximum(sizes, 1).astype(np.float64)
    flags, content_idf, new_idf, letters, highest, highest_new = _word_sums(view)
    n_counts = len(COUNTS)
    function = view.list_counts[:, view.lists.index("function_words")]
    content = (sizes - function).astype(np.float64)
    marks, question = _marks(view)
    overlap = view.overlap
    rows = np.empty((len(NAMES), count))
    rows[:_N_OTHERS] = (
        np.log1p(sizes),
        content_idf / np.maximum(content, 1),
        highest,
        highest_new,
        new_idf / np.maximum(content_idf, 1e-9),
        np.log1p(new_idf),
        letters / words,
        *_repeated(view, words),
        np.sqrt(np.einsum("ij,ij->i", view.plain, view.plain)),
        question,
    )
    at = _N_OTHERS
    np.log1p(flags[:n_counts], out=rows[at : at + n_counts])
    at += n_counts
    rows[at] = function / words
    np.divide(flags[n_counts:], words, out=rows[at + 1 : at + len(SHARES)])
    at += len(SHARES)
    np.log1p(marks, out=rows[at : at + len(MARKS)])
    at += len(MARKS)
    listed = view.list_counts[:, [view.lists.index(name) for name in LISTS]].T
    np.divide(listed, words, out=rows[at : at + len(LISTS)])
    at += len(LISTS)
    np.divide(_word_classes(view), words, out=rows[at : at + _N_CLASSES])
    at += _N_CLASSES
    rest = (*_common(view), *[getattr(overlap, name) for name in OVERLAPS], *_places(view))
    rows[at : at + len(rest)] = rest
    rows[at + len(rest) :] = np.array(_article(view, content_idf, new_idf, content))[:, None]
    return rows.T


def _word_sums(view: View) -> tuple[Floats, ...]:
    """Return sums and maxima by sentence.

    How many words have each mark of COUNTS and SHARES but the first (9, S); the rarity of content words, that of new
    ones, and the length of words, summed (S,); the highest rarity of a content word and of a new one (S,).
    """
    idf, first = view.idf, view.first
    rare = view.content & (idf > 5.0)
    table = np.empty((12, len(idf)))
    table[:9] = (
        view.name,
        view.name & first,
        view.number,
        view.number & first,
        rare & first,
        view.content & (idf > 6.5) & first,
        ~view.known,
        view.capital,
        rare,
    )
    np.multiply(idf, view.content, out=table[9])
    np.multiply(table[9], view.fresh, out=table[10])
    table[11] = view.length
    sums = segment_sums(table, view.bounds)
    highest = np.zeros((2, view.n_sentences))
    filled = (view.bounds[1:] > view.bounds[:-1]).nonzero()[0]
    if len(filled):
        highest[:, filled] = np.maximum.reduceat(table[9:11], view.bounds[filled], axis=1)
    return sums[:9], sums[9], sums[10], sums[11], highest[0], highest[1]


def _word_classes(view: View) -> Ints:
    """Count by sentence the words with each of ENDINGS, and those at least as rare as each of RARITY_STEPS."""
    count, endings, steps = view.n_sentences, len(ENDINGS), len(RARITY_STEPS)
    codes = view.document.ending[view.word]
    found = np.minimum(_SORTED_ENDINGS.searchsorted(codes), endings - 1)
    ends = (_SORTED_ENDINGS[found] == codes).nonzero()[0]
    by_ending = np.bincount(view.sentence[ends] * endings + _ENDING_ORDER[found[ends]], minlength=count * endings)
    level = _STEPS.searchsorted(view.idf, side="right")
    by_level = np.bincount(view.sentence * (steps + 1) + level, minlength=count * (steps + 1))
    above = by_level.reshape(count, steps + 1)[:, :0:-1].cumsum(axis=1)[:, ::-1]
    return np.concatenate((by_ending.reshape(count, endings), above), axis=1).T


def _repeated(view: View, words: Floats) -> list[Floats]:
    """Return, per word, how many 2- and 3-grams of each sentence an earlier one has, then a later one."""
    count = view.n_sentences
    before, after = [], []
    for grams, repeats in zip(view.grams[1:3], view.repeats, strict=True):
        where = grams.sentence
        before.append(np.bincount(where[repeats.earliest < where], minlength=count) / words)
        after.append(np.bincount(where[repeats.latest > where], minlength=count) / words)
    return before + after


def _common(view: View) -> list[Floats]:
    """Return the share of common n-grams and their mean log2 count, in the order of ``COMMON``."""
    count = view.n_sentences
    shares, means = [], []
    for grams, common in zip(view.grams[1:3], view.common, strict=True):
        number = np.maximum(np.bincount(grams.sentence, minlength=count), 1)
        shares.append(np.bincount(grams.sentence[common > 0], minlength=count) / number)
        means.append(np.bincount(grams.sentence, common, count) / number)
    return [*shares, *means]


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
        np.log1p(np.minimum(place, MOST_SENTENCES)),
        np.log1p(np.minimum(count - 1 - place, MOST_SENTENCES)),
        opens,
        closes,
        np.log1p(np.minimum(size, MOST_PARAGRAPHS)),
    ]


def _article(view: View, idf: Floats, new_idf: Floats, content: Floats) -> tuple[float, ...]:
    """Return measures of the whole article, in the order of ``ARTICLE``."""
    prose = view.prose
    words = max(len(view.word), 1)
    idf, new_idf, content = idf[prose], new_idf[prose], content[prose]
    opening = slice(MOST_SENTENCES)
    return (
        float(np.log1p(min(view.n_sentences, MOST_SENTENCES))),
        float(np.log1p(min(int(view.document.paragraph[-1]) + 1, MOST_PARAGRAPHS) if view.n_sentences else 0)),
        int(np.count_nonzero(view.first[:MOST_WORDS])) / min(words, MOST_WORDS),
        float(idf.sum() / max(content.sum(), 1)),
        int(np.count_nonzero(view.number)) / words,
        int(np.count_nonzero(view.name)) / words,
        float(new_idf[opening].sum() / max(idf[opening].sum(), 1e-9)),
        float(np.log1p(words / max(int(np.count_nonzero(prose)), 1))),
    )
