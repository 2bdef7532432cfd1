"""The service when something dies, hangs, is too much or is told to stop; its token; and the command itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("prometheus_client")

from serving import FULL, IN_PROGRESS, JSON, PACKAGE, PADDED, Later, Server, as_sent, runs, serving, stopped, wait_until

from detector import Scorer
from detector.calibration import calibrate, model_digest
from detector.model import bundled

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving")


# --- token


def test_a_token_guards_what_scores_and_tells(folder):
    token = "a-Token-of-32-characters-or-more"
    with serving(folder, "--workers", "1", DETECTOR_TOKEN=token) as guarded:
        for path in ("/v1/model", "/metrics"):
            assert guarded.get(path).status == 401
            assert guarded.get(path, Authorization=f"Bearer {token}").status == 200
        for given in ("", "Bearer", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Basic {token}", "Bearer \xe9"):
            answer = guarded.score(FULL, Authorization=given)
            assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert guarded.score(FULL, Authorization=f"bearer {token}").status == 200
        assert {guarded.get(path).status for path in ("/", "/healthz", "/readyz", "/assets/page.js")} == {200}
        assert token not in guarded.log()
        (worker,) = guarded.worker_ids()
        assert token.encode() not in Path(f"/proc/{worker}/environ").read_bytes()


def test_a_token_file(folder):
    file = folder / "token"
    file.write_text("from-a-file-1\n")
    with serving(folder, "--workers", "1", "--token-file", str(file)) as guarded:
        assert guarded.get("/v1/model").status == 401
        assert guarded.get("/v1/model", Authorization="Bearer from-a-file-1").status == 200


# --- when something dies, hangs or stops


def test_a_worker_killed_while_idle_is_replaced(folder):
    with serving(folder, "--workers", "1") as server:
        (worker,) = server.worker_ids()
        os.kill(worker, signal.SIGKILL)
        assert server.event("worker lost")["pid"] == worker
        assert server.score(FULL).status == 200  # waits for the new one
        assert server.get("/readyz").status == 200
        assert server.metric("detector_workers_lost_total") == 1
        assert len(server.worker_ids()) == 2


def test_labels_stay_what_the_calibration_said_at_the_start(folder, tmp_path):
    file = tmp_path / "ours.json"
    facts = {"on": "score", "fpr": 0.01, "model": Scorer().model_name, "digest": model_digest(bundled())}
    file.write_text(json.dumps(calibrate([number / 200 for number in range(99)], **facts).to_dict()))
    expected = json.loads(json.dumps(Scorer(calibration=file).score(PADDED).to_dict(sentences=False)))
    other = calibrate([0.9 + number / 1000 for number in range(99)], **facts)  # with which the text is no filler
    assert expected["label"] == "filler" != Scorer(calibration=other).score(PADDED).label
    with serving(folder, "--workers", "1", "--calibration", str(file)) as server:
        assert server.score(PADDED).json == expected
        for number, change in enumerate((lambda: file.write_text(json.dumps(other.to_dict())), file.unlink), 2):
            change()
            os.kill(server.worker_ids()[-1], signal.SIGKILL)
            server.event("worker started", number)
            assert server.score(PADDED).json == expected


def test_calibrations_too_large_for_an_argument_reach_the_workers(folder, tmp_path):
    options, files = [], []
    for on in ("score", "machine_score"):
        scores = np.random.default_rng(1).random(20_000).tolist()
        made = calibrate(scores, on=on, fpr=0.01, model=Scorer().model_name, digest=model_digest(bundled()))
        files.append(tmp_path / f"{on}.json")
        files[-1].write_text(json.dumps(made.to_dict()))
        options += ["--calibration", str(files[-1])]
    assert sum(file.stat().st_size for file in files) > 131_072
    with serving(folder, "--workers", "1", *options) as server:
        expected = Scorer(calibration=files).score(PADDED).to_dict(sentences=False)
        assert server.score(PADDED).json == json.loads(json.dumps(expected))


def test_a_text_whose_worker_is_killed_is_scored_by_another_once(folder):
    with serving(folder, "--workers", "2") as server:
        first, second = server.worker_ids()  # in the order in which they are asked
        with stopped(first, second):
            answer = Later(lambda: server.score(FULL))
            wait_until(lambda: server.metric(IN_PROGRESS) == 1)
            os.kill(first, signal.SIGKILL)
            server.event("worker started", 3)
            assert not answer.done  # the second has it now
            os.kill(second, signal.SIGKILL)
            refused = answer.result()
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert "send it again" in refused.error
        third = server.worker_ids()[2]
        with stopped(third):
            answer = Later(lambda: server.score(FULL))
            wait_until(lambda: server.metric(IN_PROGRESS) == 1)
            os.kill(third, signal.SIGKILL)
            assert answer.result().json == as_sent(FULL)


def test_a_late_text_is_given_up_and_its_worker_replaced(folder):
    with serving(folder, "--workers", "1", "--timeout", "3") as server:
        (worker,) = server.worker_ids()
        with stopped(worker):
            late = server.score(FULL)
            assert late.status == 504
            assert "longer than 3 seconds" in late.error
            assert server.event("worker lost")["pid"] == worker
        server.event("worker started", 2)
        assert server.score(FULL).status == 200


def test_too_many_requests_are_sent_away_with_a_time_to_come_back(folder):
    with serving(folder, "--workers", "1", "--max-requests", "1") as server:
        with stopped(*server.worker_ids()):
            first = Later(lambda: server.score(FULL))
            wait_until(lambda: server.metric(IN_PROGRESS) == 1)
            second = server.score(FULL)
            assert (second.status, second.headers["retry-after"]) == (429, "1")
            assert server.get("/healthz").status == 200
        assert first.result().status == 200
        assert server.score(FULL).status == 200


def test_sigterm_answers_what_was_asked_and_takes_no_more(folder):
    with serving(folder, "--workers", "1") as server:
        with stopped(*server.worker_ids()):
            answer = Later(lambda: server.score(FULL))
            wait_until(lambda: server.metric(IN_PROGRESS) == 1)
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(server))
            assert not answer.done
            assert server.process.poll() is None
        assert answer.result().json == as_sent(FULL)
        assert server.process.wait(60) == 0
        assert server.events("stopped")
        wait_until(lambda: not any(map(runs, server.worker_ids())))


def refuses(server: Server) -> bool:
    try:
        server.connect().connect()
    except ConnectionRefusedError:
        return True
    return False


def test_an_interrupt_ends_it_too(folder):
    with serving(folder, "--workers", "1") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.log()


def test_workers_end_with_a_server_that_is_killed(folder):
    with serving(folder, "--workers", "2") as server:
        workers = server.worker_ids()
        server.process.kill()
        server.process.wait(60)
        wait_until(lambda: not any(map(runs, workers)))


@pytest.mark.parametrize("path", ["/v1/score", "/v1/score/batch"])
def test_a_client_that_goes_away_leaves_nothing_behind(folder, path):
    with serving(folder, "--workers", "1") as server:
        with stopped(*server.worker_ids()):
            connection = server.connect()
            body = json.dumps([FULL] * 10 if path.endswith("batch") else {"text": FULL})
            connection.request("POST", path, body, {"Content-Type": JSON})
            wait_until(lambda: server.metric(IN_PROGRESS) == 1)
            connection.close()
        wait_until(lambda: server.metric(IN_PROGRESS) == 0)
        assert server.score(FULL).json == as_sent(FULL)


def test_a_bug_in_scoring_is_answered_500_and_logged_without_the_text(folder, tmp_path):
    patch = """
from detector import scorer
whole = scorer.Scorer.score_many
def score_many(self, texts):
    if any("Trigger" in text for text in texts):
        raise KeyError(texts)
    return whole(self, texts)
scorer.Scorer.score_many = score_many
"""
    (tmp_path / "sitecustomize.py").write_text(patch, encoding="utf-8")
    with serving(folder, "--workers", "1", path=str(tmp_path)) as server:
        answer = server.score("Trigger " + FULL)
        assert answer.status == 500
        assert "a bug in the detector" in answer.error
        lines = server.post("/v1/score/batch", [FULL, "Trigger", FULL]).lines
        assert [record["label"] == "error" for record in lines] == [False, True, False]
        bug = server.event("bug")
        assert bug["exception"] == "KeyError"
        assert any("sitecustomize.py:6 score_many" in place for place in bug["where"])
        assert "Trigger" not in server.log()
        # Texts that wait go to a worker together; one that breaks it does not take the others along.
        with ThreadPoolExecutor(12) as clients:
            texts = [FULL] * 5 + ["Trigger"] + [FULL] * 6
            statuses = list(clients.map(lambda text: server.score(text).status, texts))
        assert statuses == [500 if text == "Trigger" else 200 for text in texts]


@pytest.mark.slow
def test_memory_stays_flat(folder):
    def megabytes(pid: int) -> float:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    with serving(folder, "--workers", "1") as server:
        pids = (server.process.pid, *server.worker_ids())

        def work(rounds: int) -> list[float]:
            for number in range(rounds):
                server.post("/v1/score?sentences=true", {"text": f"Round {number}. {FULL}"})
                server.post("/v1/score/batch", [f"{number} {PADDED}", "short"])
                server.ask("POST", "/v1/score", b"{", JSON)
            return [megabytes(pid) for pid in pids]

        warm = work(300)
        for before, after in zip(warm, work(600), strict=True):
            assert after < before + 6


# --- the command


def command(*arguments: str, code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    start = f"import sys\n{code}\nfrom detector.cli import main\nmain(['serve', *sys.argv[1:]])"
    variables = os.environ | {"PYTHONPATH": PACKAGE} | environment
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=variables,
        timeout=120,
    )


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = command("--port", port)
    assert run.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in run.stderr


@pytest.mark.parametrize("token", ["", "short", "with a blank in it", "p\u00e4sswort-lang"])
def test_a_token_that_guards_nothing_is_refused(token):
    run = command("--port", "0", DETECTOR_TOKEN=token)
    assert run.returncode == 2
    assert "DETECTOR_TOKEN holds no usable token" in run.stderr


def test_a_model_that_cannot_be_used(tmp_path):
    run = command("--port", "0", "--workers", "1", "--model", str(tmp_path))
    assert run.returncode == 2
    assert "cannot use the model" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_calibration_that_cannot_be_used(tmp_path):
    made = calibrate([number / 200 for number in range(99)], on="score", fpr=0.01, model="other", digest="0" * 64)
    (tmp_path / "other.json").write_text(json.dumps(made.to_dict()))
    (tmp_path / "damaged.json").write_text("{")
    for name, words in (("other.json", "another model"), ("damaged.json", "damaged.json"), ("no.json", "no.json")):
        done = command("--port", "0", "--workers", "1", "--calibration", str(tmp_path / name))
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_missing_package_is_named_with_the_line_that_installs_it():
    run = command("--port", "0", code="sys.modules['fastapi'] = None")
    assert run.returncode == 2
    assert "pip install 'filler-detector[server]'" in run.stderr
