"""The service over real sockets: what it answers, what it refuses, what it counts and logs."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("prometheus_client")

from serving import FULL, IN_PROGRESS, JSON, NDJSON, PADDED, PLAIN, Server, as_sent, serving, wait_until

from detector import Scorer
from detector.calibration import calibrate, model_digest
from detector.model import bundled
from detector.report import SCHEMA
from detector.server.rates import read_rates

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")


LONGEST = 200_000  # characters


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serving")
    with serving(
        folder, "--workers", "2", "--max-body", "2", "--max-text", str(LONGEST), "--max-items", "60"
    ) as running:
        yield running


# --- answers


def test_a_text_gets_the_record_of_the_library(server):
    answer = server.post("/v1/score", {"text": PADDED, "id": "a"})
    assert answer.status == 200
    assert answer.json == as_sent(PADDED, "a")


def test_sentences_come_when_asked_for_in_the_body_or_the_address(server):
    expected = as_sent(PADDED, sentences=True)
    assert server.post("/v1/score", {"text": PADDED, "sentences": True}).json == expected
    assert server.ask("POST", "/v1/score?sentences=true", PADDED.encode(), "text/plain; charset=utf-8").json == expected
    assert "sentences" not in server.ask("POST", "/v1/score", PADDED.encode(), PLAIN).json


def test_the_meaning_comes_when_asked_for(server):
    assert "articles scored like this" in server.post("/v1/score?meaning=true", {"text": PADDED}).json["meaning"]
    assert "meaning" not in server.score(PADDED).json


def test_offsets_count_code_points_of_the_text_as_given(server):
    text = "\U0001f600 The quay was closed on 4 May.\r\n" + FULL
    record = server.post("/v1/score", {"text": text, "sentences": True}).json
    first = record["sentences"][0]
    assert text[first["start"] : first["end"]].endswith("The quay was closed on 4 May.")
    assert record == as_sent(text, sentences=True)


def test_a_batch_keeps_its_order_whatever_the_lengths(server):
    texts = [(FULL + "\n\n") * (12 if number % 3 == 0 else 1) + f"Number {number}." for number in range(20)]
    answer = server.post("/v1/score/batch", [{"text": text, "id": f"n{k}"} for k, text in enumerate(texts)])
    assert answer.status == 200
    assert [record["id"] for record in answer.lines] == [f"n{k}" for k in range(20)]
    assert [record["words"] for record in answer.lines] == [len(text.split()) for text in texts]


def test_list_and_ndjson_give_the_same(server):
    items = [{"text": PADDED, "url": "left alone"}, FULL, {"text": "", "id": 7}]
    as_list = server.post("/v1/score/batch?sentences=true", items)
    lines = "\n\n".join(map(json.dumps, items)).encode() + b"\n"
    as_lines = server.ask("POST", "/v1/score/batch?sentences=true", lines, NDJSON)
    assert [record["id"] for record in as_list.lines] == ["1", "2", "7"]
    assert [record["id"] for record in as_lines.lines] == ["1", "3", "7"]  # numbers of lines, two are blank
    assert as_list.headers["content-type"].startswith(NDJSON)
    for one, other in zip(as_list.lines, as_lines.lines, strict=True):
        assert one | {"id": ""} == other | {"id": ""}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"text": "no end', "line 2: not JSON at line 1, column 10"),
        (b'{"text": "\xff"}', "line 2: byte 11 is not UTF-8"),
        (b'{"txt": "x"}', "the field text is missing"),
        (b'{"text": 3}', "text is a number"),
        (b'{"text": "x", "id": ["a"]}', "id is a list"),
        (b"null", "an item is null"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_stands_in_its_place_and_stops_nothing(server, line, words):
    good = json.dumps({"text": FULL}).encode()
    answer = server.ask("POST", "/v1/score/batch", b"\n".join((good, line, good)), NDJSON)
    first, bad, last = answer.lines
    assert answer.status == 200
    assert (bad["label"], bad["id"], bad["score"], bad["schema"]) == ("error", "2", None, SCHEMA)
    assert words in bad["error"]
    assert first["score"] == last["score"] == as_sent(FULL)["score"]


def test_lone_surrogates_are_scored_and_come_back_as_they_were(server):
    answer = server.ask("POST", "/v1/score", b'{"text": "One \\ud800 two.", "id": "\\udfff"}', JSON)
    assert answer.status == 200
    assert answer.json["id"] == "\udfff"
    assert answer.json["words"] == 3


def test_the_model_tells_its_cuts_and_the_limits(server):
    scorer = Scorer()
    about = server.get("/v1/model").json
    assert about["model"] == scorer.model_name
    assert about["schema"] == SCHEMA
    assert about["cuts"]["filler"] == scorer.cuts.filler
    limits = {"body_bytes": 2_000_000, "characters": LONGEST, "items": 60, "seconds": 30.0, "requests": 128}
    assert about["limits"] == limits
    rates = read_rates(None)
    assert about["error_rates"] == (None if rates is None else json.loads(json.dumps(rates.to_dict())))


def test_health(server):
    for path, state in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = server.get(path)
        assert (answer.status, answer.json["state"]) == (200, state)


def test_every_answer_carries_model_and_schema(server):
    answers = [server.get(path) for path in ("/", "/healthz", "/metrics", "/openapi.json", "/v1/model", "/nowhere")]
    answers += [server.score(FULL), server.ask("POST", "/v1/score", b"{", JSON), server.ask("DELETE", "/v1/score")]
    for answer in answers:
        assert answer.headers["x-detector-model"] == Scorer().model_name
        assert answer.headers["x-detector-schema"] == str(SCHEMA)
        if answer.status >= 400:
            assert (answer.json["model"], answer.json["schema"]) == (Scorer().model_name, SCHEMA)


def test_the_description_holds_what_is_sent_and_answered(server):
    jsonschema = pytest.importorskip("jsonschema")
    routes = server.get("/openapi.json").json["paths"]
    assert set(routes) == {"/v1/score", "/v1/score/batch", "/v1/model", "/healthz", "/readyz"}
    for path in ("/v1/score", "/v1/score/batch"):
        described = routes[path]["post"]
        (answered,) = described["responses"]["200"]["content"].values()
        for kind, sent in described["requestBody"]["content"].items():
            example = sent["example"] if isinstance(sent["example"], str) else json.dumps(sent["example"])
            answer = server.ask("POST", f"{path}?sentences=true", example.encode(), kind)
            assert answer.status == 200
            for record in answer.lines:
                jsonschema.validate(record, answered["schema"])
                assert set(answered["example"]) == set(record) - {"sentences"}
        jsonschema.validate(answered["example"], answered["schema"])


def test_with_a_calibration_records_carry_p_values_and_labels_follow_them(tmp_path):
    scores = [number / 200 for number in range(99)]  # trusted texts, of which none reaches one half
    file = tmp_path / "ours.json"
    made = calibrate(scores, on="score", fpr=0.01, model=Scorer().model_name, digest=model_digest(bundled()))
    file.write_text(json.dumps(made.to_dict()))
    with serving(tmp_path, "--workers", "1", "--calibration", str(file)) as server:
        record = server.score(PADDED).json
        assert record == json.loads(json.dumps(Scorer(calibration=file).score(PADDED).to_dict(sentences=False)))
        assert record["p_values"] == {"score": 0.01}
        assert record["label"] == "filler"
        assert server.score(FULL).json["label"] == "substantive"
        assert server.get("/v1/model").json["cuts"]["filler"] == made.cut


# --- refusals


@pytest.mark.parametrize(
    ("path", "kind", "body", "status", "words"),
    [
        ("/v1/score", JSON, b"", 422, "the body is empty"),
        ("/v1/score", PLAIN, b"", 422, "the body is empty"),
        ("/v1/score", JSON, b'{"text": "a', 400, "not JSON at line 1, column 10"),
        ("/v1/score", JSON, b'{"text": "\xe9"}', 400, "byte 11 is not UTF-8"),
        ("/v1/score", PLAIN, b"caf\xe9", 400, "byte 4 is not UTF-8"),
        ("/v1/score", JSON, b"[" * 100_000, 400, "nested too deeply"),
        ("/v1/score", JSON, b'{"text": ' + b"9" * 5000 + b"}", 400, "too many digits"),
        ("/v1/score", JSON, b'["a"]', 422, "the body is a list"),
        ("/v1/score", JSON, b"{}", 422, "the field text is missing"),
        ("/v1/score", JSON, b'{"text": null}', 422, "text is null"),
        ("/v1/score", JSON, b'{"txt": "a"}', 422, 'the field "txt" is unknown'),
        ("/v1/score", JSON, b'{"text": "a", "sentences": "yes"}', 422, "sentences is a string"),
        ("/v1/score?sentences=maybe", JSON, b'{"text": "a"}', 422, "neither true nor false"),
        ("/v1/score", "application/x-www-form-urlencoded", b'{"text": "a"}', 415, "set the header Content-Type"),
        ("/v1/score/batch", JSON, b"[]", 422, "the batch is empty"),
        ("/v1/score/batch", NDJSON, b"\n \n", 422, "the batch is empty"),
        ("/v1/score/batch", JSON, b'{"text": "a"}', 422, "not a list"),
        ("/v1/score/batch", PLAIN, b"a", 415, "set the header Content-Type"),
        ("/v1/score/batch", JSON, json.dumps(["a"] * 61).encode(), 413, "61 items, and 60 is the limit"),
        ("/v1/score/batch", NDJSON, b'"a"\n' * 61, 413, "61 items, and 60 is the limit"),
    ],
)
def test_a_bad_request_is_refused_with_one_sentence(server, path, kind, body, status, words):
    answer = server.ask("POST", path, body, kind)
    assert answer.status == status
    assert words in answer.error
    assert "\n" not in answer.error
    assert "Traceback" not in answer.error


def test_a_huge_body_is_refused_declared_or_not(server):
    huge = b"word " * 4_000_000
    chunks = (huge[start : start + 65536] for start in range(0, len(huge), 65536))
    for body in (huge, chunks):
        answer = server.ask("POST", "/v1/score", body, PLAIN)
        assert answer.status == 413
        assert "larger than 2 MB" in answer.error


def test_a_text_that_is_too_long_is_refused_and_one_as_long_as_allowed_is_scored(server):
    longest = "\u00e9" * LONGEST  # characters, not bytes
    for kind, body in ((PLAIN, longest + "."), (JSON, json.dumps({"text": longest + "."}))):
        refused = server.ask("POST", "/v1/score", body.encode(), kind)
        assert refused.status == 413
        assert refused.error == "the text has 200,001 characters, and 200,000 is the limit here; send it in parts"
    assert server.ask("POST", "/v1/score", longest.encode(), PLAIN).status == 200


def test_a_text_that_is_too_long_stands_in_its_place_in_a_batch(server):
    answer = server.post("/v1/score/batch", [FULL, {"text": "a " * LONGEST, "id": "long"}, FULL])
    first, long, last = answer.lines
    assert answer.status == 200
    assert (long["id"], long["label"], long["score"]) == ("long", "error", None)
    assert long["error"] == "the text has 400,000 characters, and 200,000 is the limit here; send it in parts"
    assert [first, last] == [as_sent(FULL, "1"), as_sent(FULL, "3")]


def test_a_body_may_be_packed(server):
    body = gzip.compress(json.dumps({"text": FULL}).encode())
    assert server.ask("POST", "/v1/score", body, JSON, Content_Encoding="gzip").json == as_sent(FULL)
    lines = gzip.compress(b"".join(json.dumps(text).encode() + b"\n" for text in (PADDED, FULL)))
    packed = server.ask("POST", "/v1/score/batch", lines, NDJSON, Content_Encoding="gzip").lines
    assert packed == [as_sent(PADDED, "1"), as_sent(FULL, "2")]


def test_a_packed_body_may_have_several_members_and_zeros_after_them(server):
    middle = len(FULL) // 2
    one, other = (gzip.compress(part.encode()) for part in (FULL[:middle], FULL[middle:]))
    for body in (one + other, one + gzip.compress(b"") + other + bytes(700), one + bytes(3) + other):
        assert gzip.decompress(body) == FULL.encode()  # gzip itself takes it
        assert server.ask("POST", "/v1/score", body, PLAIN, Content_Encoding="gzip").json == as_sent(FULL)


def test_many_small_members_take_no_time_to_speak_of(server):
    body = gzip.compress(b"") * 90_000 + gzip.compress(FULL.encode())  # whose remainders are 80 GB together
    start = time.monotonic()
    assert server.ask("POST", "/v1/score", body, PLAIN, Content_Encoding="gzip").json == as_sent(FULL)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("body", "encoding", "status", "words"),
    [
        (b'{"text": "a"}', "gzip", 400, "not a whole gzip stream"),
        (b"", "gzip", 400, "not a whole gzip stream"),
        (gzip.compress(FULL.encode())[:-5], "gzip", 400, "not a whole gzip stream"),
        ((gzip.compress(FULL.encode()) * 2)[:-5], "gzip", 400, "not a whole gzip stream"),
        (gzip.compress(b"a") + b"after", "gzip", 400, "byte 22, after the gzip stream, is no gzip"),
        (gzip.compress(b"a") + bytes(2) + b"after", "gzip", 400, "byte 24, after the gzip stream"),
        (gzip.compress(b"word " * 4_000_000), "gzip", 413, "larger than 2 MB"),
        (gzip.compress(b"word " * 300_000) * 2, "gzip", 413, "larger than 2 MB"),
        (gzip.compress(b""), "gzip", 422, "the body is empty"),
        (b"a", "br", 415, 'the Content-Encoding "br" is unknown here'),
    ],
)
def test_a_body_packed_badly_is_refused_with_one_sentence(server, body, encoding, status, words):
    answer = server.ask("POST", "/v1/score", body, PLAIN, Content_Encoding=encoding)
    assert (answer.status, words in answer.error) == (status, True), answer.error


def test_a_connection_is_still_good_after_a_refusal(server):
    connection = server.connect()
    for body, status in ((b"x" * 3_000_000, 413), (b"{", 400), (b'{"text": "Good."}', 200)):
        connection.request("POST", "/v1/score", body, {"Content-Type": JSON})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_addresses_and_methods_that_are_not_there(server):
    assert server.get("/v2/score").status == 404
    wrong = server.get("/v1/score")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert "does not take that method" in wrong.error


def test_no_other_site_may_read_the_answers(server):
    answer = server.score(FULL, Origin="https://elsewhere.example")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert server.ask("OPTIONS", "/v1/score", Origin="https://elsewhere.example").status == 405


# --- figures and logs


def test_figures_count_requests_labels_and_scores(server):
    names = (
        'detector_requests_total{route="/v1/score",status="200"}',
        'detector_request_seconds_count{route="/v1/score"}',
        'detector_abstentions_total{label="too_short"}',
        'detector_texts_total{label="error"}',
        "detector_score_count",
        "detector_words_total",
    )
    before = {name: server.metric(name) for name in names}
    server.score("Too short.")
    server.score(FULL)
    server.ask("POST", "/v1/score/batch", b"{\n", NDJSON)
    steps = [server.metric(name) - before[name] for name in names]
    assert steps == [2, 2, 1, 1, 1, 2 + len(FULL.split())]
    assert server.metric("detector_workers") == 2


def test_the_log_is_json_without_a_word_of_the_text(server):
    word = "Qwertzuiop"
    text = f"{word} said so. {FULL}"
    server.score(text)
    server.post("/v1/score/batch", [text, {"text": text, word: 1}, {"id": [word]}])
    server.ask("POST", "/v1/score", f'{{"text": "{word}'.encode(), JSON)
    server.post("/v1/score", {"text": "a", word: 1})
    server.get(f"/{word}?text={word}", X_Request_ID=f"{word} {word}")
    server.get("/healthz", X_Request_ID="given-1")
    wait_until(lambda: any(event["id"] == "given-1" for event in server.events("request")))
    assert word not in server.log()
    requests = server.events("request")
    assert {"time", "level", "id", "method", "route", "status", "ms", "sent"} <= set(requests[-1])
    assert [event["status"] for event in requests[-6:]] == [200, 200, 400, 422, 404, 200]


def test_a_client_that_breaks_off_its_body_leaves_nothing_behind(server):
    connection = server.connect()
    connection.putrequest("POST", "/v1/score")
    connection.putheader("Content-Type", PLAIN)
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"only this")
    wait_until(lambda: server.metric(IN_PROGRESS) == 1)
    connection.close()
    wait_until(lambda: server.metric(IN_PROGRESS) == 0)
    assert server.score(FULL).status == 200


# --- the page, as it is sent


def test_the_page_runs_nothing_from_elsewhere_and_nothing_inline(server):
    page = server.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"} & set(re.split(r"[ ;]+", policy))
    html = page.body.decode()
    assert not re.search(r"\son[a-z]+\s*=|\sstyle\s*=|<style|<script(?![^>]*\ssrc=)|https?://", html)
    for address in set(re.findall(r'(?:src|href)="(/[^"]*)"', html)):
        assert server.get(address).status == 200
    assert server.get("/assets/../app.py").status == 404
    tag = server.get("/assets/page.js").headers["etag"]
    assert server.get("/assets/page.js", If_None_Match=tag).status == 304
