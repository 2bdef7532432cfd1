import io

import numpy as np
import pytest

from detector.features.background import Background, Commonness, chain
from detector.lexicon import entries
from detector.text.document import hash_word
from detector.training.background import DIMENSIONS, phrase_table, train_background


def hashes(*words):
    return np.array([hash_word(word) for word in words], np.uint64)


def gram(*words):
    found = hashes(words[0])
    for word in words[1:]:
        found = chain(found, hashes(word))
    return found


def texts(count=40):
    """Return texts of which the k-th kind of word stands in every k-th."""
    fillers = " ".join(f"common{chr(97 + k % 26)}{chr(97 + k // 26)}" for k in range(300))
    names = ("Tolbury", "Nobody")
    return [f"{fillers} the roof of the hall leaked again. {names[k % 2]} waits." for k in range(count)]


@pytest.fixture(scope="module")
def trained():
    return train_background(texts(), seed=1)


def test_rarity_is_the_log_of_document_frequency(trained):
    vocabulary = trained.vocabulary
    at = vocabulary.find(hashes("roof", "tolbury", "unheard"))
    assert at[2] == -1
    assert vocabulary.idf[at[0]] == pytest.approx(0.0, abs=1e-6)
    assert vocabulary.idf[at[1]] == pytest.approx(np.log(41 / 21), abs=1e-6)
    assert vocabulary.unknown_idf > vocabulary.idf.max()


def test_vectors_are_unit_and_small(trained):
    vectors = trained.vocabulary.vectors
    assert vectors.shape == (len(trained.vocabulary.hashes), DIMENSIONS)
    assert vectors.dtype == np.int8
    lengths = np.linalg.norm(vectors.astype(float) / 127, axis=1)
    assert lengths[lengths > 0.1] == pytest.approx(1.0, abs=0.05)


def test_common_ngrams_are_counted_inside_texts(trained):
    phrases = ("the roof", "the roof of", "roof the", "tolbury waits")
    found = trained.commonness.find(np.concatenate([gram(*phrase.split()) for phrase in phrases]))
    assert found[:2] == pytest.approx(np.log2(40), abs=1 / 12)
    assert found[2] == 0
    assert found[3] == pytest.approx(np.log2(20), abs=1 / 12)


def test_an_empty_table_knows_nothing():
    table = Commonness(np.zeros(1 << 8, np.uint16))
    assert table.find(np.arange(500, dtype=np.uint64) << np.uint64(8)).max() == 0


def test_the_same_texts_and_seed_give_the_same_background(trained):
    again = train_background(iter(texts()), seed=1)
    for name, array in trained.to_arrays().items():
        assert np.array_equal(array, again.to_arrays()[name]), name


def test_too_few_words_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^the texts share only 3 words; .* give more texts$"):
        train_background(["the roof leaked"] * 20, seed=1)


def test_a_background_comes_back_from_its_arrays(background):
    file = io.BytesIO()
    np.savez(file, **background.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        back = Background.from_arrays(dict(arrays))
    for name, array in background.to_arrays().items():
        assert np.array_equal(array, back.to_arrays()[name]), name
    assert back.phrases.names == background.phrases.names


def test_every_phrase_is_found_where_it_stands(view_of, background):
    names = background.phrases.names
    assert len(names) <= 64  # bits of the mask
    for name in ("hedges", "transitions", "platitudes", "significance", "function_words"):
        chosen = [entry for entry in entries(name) if len(entry.split()) <= 4][:25]
        for entry in chosen:
            view = view_of(f"So {entry} he")
            covered = view.list(name)
            length = len(view.word) - 2
            assert covered[1 : 1 + length].all(), (name, entry)


def test_a_list_can_be_replaced():
    table = phrase_table({"hedges": ["quite odd words"]})
    bit = np.uint64(1 << table.names.index("hedges"))
    found, lists = table.find(gram("quite", "odd", "words"))
    assert found.tolist() == [0]
    assert lists[0] & bit
    assert np.count_nonzero(table.lists & bit) == 1


def test_phrases_of_several_lists_carry_all_their_bits():
    table = phrase_table({"hedges": ["odd word"], "boosters": ["odd word"]})
    _, [lists] = table.find(gram("odd", "word"))
    assert {name for bit, name in enumerate(table.names) if int(lists) >> bit & 1} >= {"hedges", "boosters"}


def test_the_order_of_words_matters_in_a_chain():
    assert gram("a", "b") != gram("b", "a")
    assert gram("a", "b", "c") != gram("a", "bc")
