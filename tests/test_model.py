import json
import math
import os
import shutil
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from command import run

from detector import Scorer, model
from detector.model import Cuts, ModelError

PARTS = ("background", "sentence", "document", "machine")


@pytest.fixture
def folder(small_folder, tmp_path):
    return shutil.copytree(small_folder, tmp_path / "model")


def refused(folder, words):
    with pytest.raises(ModelError) as caught:
        Scorer.load(folder)
    message = str(caught.value)
    assert words in message
    assert str(folder) in message
    assert "\n" not in message
    assert len(message) < 200 + len(str(folder))
    assert any(advice in message for advice in ("train", "copy", "give a folder"))


def change(folder, **settings):
    file = folder / "model.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def arrays(folder, part):
    with np.load(folder / f"{part}.npz", allow_pickle=False) as archive:
        return dict(archive)


def test_a_saved_model_is_plain_files(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["model.json", *(f"{part}.npz" for part in PARTS)]
    )


def test_a_model_comes_back_as_it_was(small_model, folder, stories):
    back = model.load(folder)
    assert back.name == "small"
    assert back.cuts == small_model.cuts
    assert back.typical == small_model.typical
    for part in PARTS:
        first, second = getattr(small_model, part).to_arrays(), getattr(back, part).to_arrays()
        assert first.keys() == second.keys()
        for name in first:
            assert np.array_equal(first[name], second[name]), (part, name)


def test_a_machine_cut_out_of_reach_comes_back(small_model, tmp_path):
    replace(small_model, cuts=replace(small_model.cuts, machine=float("nan"))).save(tmp_path)
    assert math.isnan(model.load(tmp_path).cuts.machine)
    assert Scorer.load(tmp_path).score("The council met on Monday. " * 30).flags in ((), ("filler",))


def test_a_model_without_a_machine_head(small_model, tmp_path):
    replace(small_model, machine=None).save(tmp_path / "a" / "b")
    assert model.load(tmp_path / "a" / "b").machine is None
    assert not (tmp_path / "a" / "b" / "machine.npz").exists()


def test_a_folder_is_named_by_str_or_path(folder):
    assert Scorer.load(str(folder)).model_name == Scorer.load(folder).model_name == "small"


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "nowhere", "holds no model")
    refused(tmp_path, "holds no model")


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_file(folder, part):
    (folder / f"{part}.npz").unlink()
    refused(folder, "missing")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a model at all", b"\x80\x04N."])
def test_a_damaged_file(folder, part, data):
    (folder / f"{part}.npz").write_bytes(data)
    refused(folder, "damaged")


@pytest.mark.parametrize("part", PARTS)
def test_a_file_cut_short(folder, part):
    file = folder / f"{part}.npz"
    file.write_bytes(file.read_bytes()[:-3000])
    refused(folder, "damaged")


@pytest.mark.parametrize("part", PARTS)
def test_an_array_that_is_not_there(folder, part):
    found = arrays(folder, part)
    del found[sorted(found)[0]]
    np.savez(folder / f"{part}.npz", **found)
    refused(folder, "damaged")


class Trap:
    """Make a folder when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


@pytest.mark.parametrize("part", PARTS)
def test_a_pickle_in_an_array_is_refused_and_never_run(folder, tmp_path, part):
    found = arrays(folder, part)
    name = sorted(found)[0]
    trap = np.empty(1, object)
    trap[0] = Trap(str(tmp_path / "sprung"))
    np.savez(folder / f"{part}.npz", **(found | {name: trap}))
    with np.load(folder / f"{part}.npz", allow_pickle=True) as archive:
        assert archive[name] is not None  # the trap works: whoever allows pickles runs it
    (tmp_path / "sprung").rmdir()
    refused(folder, "damaged")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is not JSON"), ("{", "is not JSON"), ("[1]", "is not a model of"), ("{}", "is not a model of")],
)
def test_settings_that_are_none(folder, text, words):
    (folder / "model.json").write_text(text)
    refused(folder, words)


def test_settings_in_another_encoding(folder):
    (folder / "model.json").write_bytes(b'{"name": "\xff"}')
    refused(folder, "not UTF-8")


def test_another_version(folder):
    change(folder, format=model.FORMAT + 1)
    refused(folder, f"not a model of format {model.FORMAT}")


def test_other_features(folder):
    change(folder, sentence_features=["length"])
    refused(folder, "trained on other features")


def test_other_features_of_the_machine_head(folder):
    found = arrays(folder, "machine")
    np.savez(folder / "machine.npz", **(found | {"names": found["names"][::-1]}))
    refused(folder, "other features")


# --- archives and arrays that np.savez would not write


def rewrite(folder, part, method=zipfile.ZIP_STORED, **members):
    """Write a part again, with sound checksums; ``members`` replaces the bytes of arrays."""
    file = folder / f"{part}.npz"
    with zipfile.ZipFile(file) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    found |= {f"{name}.npy": data for name, data in members.items()}
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in found.items():
            archive.writestr(name, data)


def patch(folder, part, signature, offset, value):
    """Overwrite a field of the first record of an archive that begins with ``signature``."""
    file = folder / f"{part}.npz"
    data = bytearray(file.read_bytes())
    at = data.index(signature) + offset
    data[at : at + len(value)] = value
    file.write_bytes(bytes(data))


ENTRY = b"PK\x01\x02"  # of the list of members; behind it: version, flags at 8, method at 10, sizes at 20 and 24


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_compressed_arrays_are_refused_unread(folder, method, is_damaged):
    rewrite(folder, "document", method)
    if is_damaged:
        patch(folder, "document", b"PK\x03\x04", 60, b"\xff" * 20)
    refused(folder, "compressed or encrypted")


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [
        (6, b"\xc8\x00", "version 20.0"),
        (8, b"\x01", "compressed or encrypted"),
        (8, b"\x20", "damaged"),  # patched data
        (8, b"\x40", "damaged"),  # strong encryption
        (10, b"\x63\x00", "compressed or encrypted"),
        (24, b"\xff\xff\xff\x7f", "larger than the file"),
        (42, b"\xff\xff\xff\x00", "damaged"),  # begins behind the end of the file
    ],
)
def test_an_entry_that_cannot_be_read(folder, offset, value, words):
    patch(folder, "document", ENTRY, offset, value)
    refused(folder, words)


def npy(descr="'<f8'", shape="(3,)", data=bytes(24), order="False"):
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    "data",
    [
        npy(shape="(-1,)"),
        npy(shape="(" + "-" * 9000 + "1,)"),
        npy(shape="(" * 9000),
        npy(shape="(3,)" + " " * 50_000 + "x"),
        npy(shape="(3,)", data=bytes(16)),
        npy(shape="(3,)", data=bytes(32)),
        npy(shape="(99999999999999999999,)"),
        npy(shape="(0, 999999999999, 999999999999)", data=b""),
        npy(shape="3"),
        npy(descr="[('a', '<f8')]"),
        npy(descr="'<f3'"),
        npy(descr="'|O8'"),
        npy(descr="'<U0'"),
        npy(order="0"),
        npy()[:9],
        b"",
        b"\x93NUMPY\x02\x00",
        b"\x93NUMPY\x01\x00\xff\xff",
    ],
    ids=lambda data: repr(data[10:80]),
)
def test_an_array_whose_header_is_no_plain_one(folder, data):
    rewrite(folder, "document", scalars=data)
    refused(folder, "damaged")


def test_arrays_laid_out_in_either_order_are_the_same(folder):
    before = arrays(folder, "machine")["knots"]
    np.savez(folder / "machine.npz", **(arrays(folder, "machine") | {"knots": np.asfortranarray(before)}))
    assert np.array_equal(model.load(folder).machine.knots, before)


ARRAYS = [
    ("background", "word_hashes word_idf unknown_idf word_vectors common_grams list_names phrase_hashes phrase_lists"),
    ("sentence", "grams mean scale repeat scalars first_hidden first_bias first_output first_offset"),
    ("sentence", "second_hidden second_bias second_output second_offset"),
    ("document", "names coefficients typical scalars"),
    ("machine", "grams knots curves typical group_typical numbers names"),
    ("machine", "background_classes background_words background_pairs"),
]
EVERY_ARRAY = [(part, name) for part, names in ARRAYS for name in names.split()]
SINGLE = ("unknown_idf", "first_offset", "second_offset")
FREE = ("repeat", "list_names", *SINGLE)  # may be of another length, or have none


def test_every_array_is_known_here(folder):
    for part in PARTS:
        assert {name for of, name in EVERY_ARRAY if of == part} == arrays(folder, part).keys()


@pytest.mark.parametrize(("part", "name"), EVERY_ARRAY)
@pytest.mark.parametrize(
    "damage",
    [
        lambda array: array.ravel()[:0],
        lambda array: array[None],
        lambda array: array.astype("U8") if array.dtype.kind != "U" else np.zeros(array.shape),
        lambda array: array.astype("c16") if array.dtype.kind != "U" else array.astype("S40"),
        lambda array: np.zeros(array.shape, [("a", "<f8")]),
    ],
    ids=["empty", "one more dimension", "other kind", "complex", "structured"],
)
def test_an_array_of_another_shape_or_kind(folder, part, name, damage):
    found = arrays(folder, part)
    np.savez(folder / f"{part}.npz", **(found | {name: damage(found[name])}))
    refused(folder, "damaged")


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, name in EVERY_ARRAY if name not in FREE])
def test_an_array_that_is_a_row_short(folder, part, name):
    found = arrays(folder, part)
    np.savez(folder / f"{part}.npz", **(found | {name: found[name][:-1]}))
    refused(folder, "damaged")


FLOATS = [
    (part, name)
    for part, name in EVERY_ARRAY
    if name in ("word_idf", "unknown_idf", "coefficients", "typical", "scalars", "knots", "curves", "group_typical")
    or (part == "sentence")
]


@pytest.mark.parametrize(("part", "name"), FLOATS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_are_finite(folder, part, name, value):
    found = arrays(folder, part)
    spoilt = found[name].copy()
    spoilt.flat[spoilt.size // 2] = value
    np.savez(folder / f"{part}.npz", **(found | {name: spoilt}))
    refused(folder, f"{name} holds NaN or infinite numbers")


def test_of_the_machine_head_only_the_cut_may_be_undefined(folder):
    found = arrays(folder, "machine")
    for place in range(3):
        numbers = found["numbers"].copy()
        numbers[place] = np.nan
        np.savez(folder / "machine.npz", **(found | {"numbers": numbers}))
        if place == 2:
            assert np.isnan(model.load(folder).machine.cut)
        else:
            refused(folder, "numbers holds NaN or infinite numbers")


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("background", "common_grams", np.ones(3, np.uint16), "power of two"),
        ("background", "common_grams", np.ones(1, np.uint16), "power of two"),
        ("background", "list_names", np.array(["a"]), "beyond the 1 of list_names"),
        ("document", "scalars", np.array([0.0, 30.0, 1.0]), "base_rate 1.0"),
        ("document", "scalars", np.array([0.0, -30.0, 0.5]), "half_words is -30.0"),
        ("machine", "background_classes", np.full(1 << 18, 200, np.uint8), "holds 200"),
    ],
)
def test_numbers_that_no_score_could_be_made_with(folder, part, name, value, words):
    np.savez(folder / f"{part}.npz", **(arrays(folder, part) | {name: value}))
    refused(folder, words)


def test_parts_that_belong_to_different_models(folder):
    found = arrays(folder, "background")
    vectors = found["word_vectors"][:, :-1]
    np.savez(folder / "background.npz", **(found | {"word_vectors": vectors}))
    refused(folder, "for the word vectors")
    np.savez(folder / "background.npz", **(found | {"word_hashes": found["word_hashes"][::-1]}))
    refused(folder, "not sorted")


def test_a_document_head_of_other_features(folder):
    found = arrays(folder, "document")
    np.savez(folder / "document.npz", **(found | {"names": np.array([*found["names"][:-1], "no_such_feature"])}))
    refused(folder, "other features")


def test_features_are_scaled_by_something(folder):
    found = arrays(folder, "sentence")
    np.savez(folder / "sentence.npz", **(found | {"scale": np.zeros_like(found["scale"])}))
    refused(folder, "scale holds 0")


@pytest.mark.parametrize("file", ["model.json", *(f"{part}.npz" for part in PARTS)])
def test_a_folder_in_the_place_of_a_file_is_not_called_missing(folder, file):
    (folder / file).unlink()
    (folder / file).mkdir()
    refused(folder, f"{file} cannot be read (is a directory)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("file", ["model.json", "sentence.npz"])
def test_a_file_that_may_not_be_read_is_not_called_missing(folder, file):
    (folder / file).chmod(0)
    refused(folder, f"{file} cannot be read (permission denied)")


def test_the_command_ends_with_one_sentence(folder, tmp_path):
    rewrite(folder, "document", scalars=npy(shape="(" + "-" * 9000 + "1,)"))
    (tmp_path / "a.txt").write_text("Some text.")
    result = run("score", tmp_path / "a.txt", "--model", folder)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert f"the model in {folder} is damaged" in result.stderr


# --- settings


def test_settings_nested_without_end(folder):
    (folder / "model.json").write_text("[" * 100_000)
    refused(folder, "is not JSON")


@pytest.mark.parametrize(
    "cuts",
    [
        {"substantive": "0.1"},
        {"substantive": None},
        {"substantive": float("nan")},
        {"substantive": -0.1},
        {"substantive": 0.7},  # above filler
        {"filler": 1.1},
        {"filler": True},
        {"filler": float("inf")},
        {"machine": 0},
        {"machine": []},
        {"machine": 10**400},
        {"least_words": 0},
        {"least_words": -3},
        {"least_words": 40.0},
        {"least_words": True},
        {"least_words": "40"},
        {"more": 1},
    ],
    ids=lambda cuts: str(cuts)[:40],
)
def test_cuts_that_divide_nothing(folder, small_model, cuts):
    change(folder, cuts=asdict(small_model.cuts) | cuts)
    refused(folder, "damaged")


def test_cuts_that_nothing_reaches_are_cuts(folder):
    change(folder, cuts={"substantive": 0, "filler": 1.0, "machine": 2.0, "least_words": 1})
    assert model.load(folder).cuts == Cuts(0, 1.0, 2.0, 1)


@pytest.mark.parametrize(
    "settings",
    [{"cuts": None}, {"cuts": [1]}, {"name": None}, {"name": 3}, {"typical": []}]
    + [{"typical": {"generic:wording": share}} for share in ("0.1", None, float("nan"), 10**400)],
    ids=lambda settings: str(settings)[:40],
)
def test_settings_of_another_kind(folder, settings):
    change(folder, **settings)
    refused(folder, "damaged")


@pytest.mark.parametrize("name", ["name", "cuts", "typical", "has_machine_head"])
def test_a_setting_that_is_not_there(folder, name):
    file = folder / "model.json"
    settings = json.loads(file.read_text())
    del settings[name]
    file.write_text(json.dumps(settings))
    refused(folder, "damaged")


def test_cuts_of_another_form(folder):
    change(folder, cuts={"upper": 0.5})
    refused(folder, "damaged")


def test_the_model_of_the_package(scorer):
    place = model.bundled()
    files = {path.name: path for path in place.iterdir()}
    assert {"model.json", "card.md", *(f"{part}.npz" for part in PARTS)} <= set(files)
    assert sum(path.stat().st_size for path in files.values()) < 8_000_000
    cuts = scorer.cuts
    assert isinstance(cuts, Cuts)
    assert 0 < cuts.substantive <= cuts.filler < 1
    assert 0 < cuts.machine < 1
    assert cuts.least_words > 5
    card = files["card.md"].read_text(encoding="utf-8")
    assert scorer.model_name in card
    assert str(cuts.least_words) in card
