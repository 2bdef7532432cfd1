"""The table of error rates by cut that a model may carry."""

from __future__ import annotations

import json

import pytest

from detector.server.rates import RatesError, read_rates, wilson


def table(**changes):
    whole = {
        "cuts": [0.2, 0.5],
        "false_positive_rate": [0.1, 0.01],
        "true_positive_rate": [0.9, 0.5],
        "articles": {"filler": 100, "not_filler": 1000},
        "source": "held-out families",
    }
    return whole | changes


def test_error_rates_are_read_and_given_intervals(tmp_path):
    (tmp_path / "error_rates.json").write_text(json.dumps(table()))
    rates = read_rates(str(tmp_path))
    assert rates is not None
    given = rates.to_dict()
    assert given["cuts"] == [0.2, 0.5]
    low, high = given["true_positive_interval"][1]
    assert (round(low, 4), round(high, 4)) == (0.4038, 0.5962)  # Wilson, 50 of 100
    assert wilson(0.0, 10)[0] == 0


def test_a_model_without_error_rates_has_none(tmp_path):
    assert read_rates(str(tmp_path)) is None
    nothing = table(articles={"filler": 0, "not_filler": 5}, true_positive_rate=[None, None])
    (tmp_path / "error_rates.json").write_text(json.dumps(nothing))
    assert read_rates(str(tmp_path)) is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        json.dumps(table(cuts=[0.5, 0.2])),
        json.dumps(table(cuts=[0.5])),
        json.dumps(table(cuts=["a", "b"])),
        json.dumps(table(true_positive_rate=[0.5, 1.5])),
        json.dumps(table(articles={"filler": 3})),
    ],
)
def test_damaged_error_rates_are_refused(tmp_path, text):
    (tmp_path / "error_rates.json").write_text(text)
    with pytest.raises(RatesError, match=r"error_rates\.json of the model is damaged"):
        read_rates(str(tmp_path))
