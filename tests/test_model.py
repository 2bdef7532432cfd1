import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

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
