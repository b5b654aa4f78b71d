"""Claims about ``gardenos events``, on an HTTP server that cuts its streams at random."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from uuid import UUID

import pytest

from serve_app import cli, event_reader
from serve_app.client import RefusedError
from serve_app.exit_codes import ExitCode

TASK = str(UUID(int=7))
COUNT = 300

Run = Callable[..., tuple[int, str, str]]


def frame(number: int, kind: str = "task.queued") -> bytes:
    """Return an event as the service sends it."""
    data = {
        "id": f"1-{number}-{number}",
        "type": kind,
        "task_id": TASK,
        "kind": "lead_analysis",
        "state": kind.removeprefix("task."),
        "attempt": 1,
        "error_code": None,
        "sequence": number,
        "at": "2026-11-25T10:00:00Z",
    }
    return f"event: {kind}\ndata: {json.dumps(data)}\nid: 1-{number}-{number}\n\n".encode()


class Streams:
    """A service that holds ``COUNT`` events, answers by the id it is given, and cuts."""

    def __init__(self) -> None:
        self.rng = Random(11)  # noqa: S311 - seeded
        self.asked: list[tuple[str, str | None]] = []
        self.cuts = True
        self.refusals: list[int] = []
        self.tail = b": caught up\nid: 1-999-0\n\n"
        self.event_type = "task.queued"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        last = request.headers.get("Last-Event-ID")
        self.asked.append((request.path, last))
        if self.refusals and (status := self.refusals.pop(0)):
            body = json.dumps({"title": "No", "detail": "not now"}).encode()
            request.send_response(status)
            request.send_header("content-type", "application/problem+json")
            request.send_header("content-length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
            return
        if last == "end":
            request.send_response(204)
            request.end_headers()
            return
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        done = int(last.split("-")[1]) if last and last != "oldest" else 0
        said = b": gardenos events\nretry: 1\n\n"
        said += b"".join(frame(one, self.event_type) for one in range(done + 1, COUNT + 1))
        said += self.tail
        if self.cuts:
            said = said[: self.rng.randrange(20_000)]
        request.wfile.write(said)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    """Run the service on loopback and point the command at it."""
    streams = Streams()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            streams.answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("GARDENOS_HTTP__PORT", str(server.server_port))
    yield streams
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["events", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def numbers(out: str) -> list[int]:
    """Return the events that were printed as JSON, by their number."""
    return [json.loads(line)["sequence"] for line in out.splitlines()]


def test_each_event_is_printed_once_and_in_order_wherever_the_stream_is_cut(
    streams: Streams, run: Run
) -> None:
    code, out, _ = run("--json")
    assert code == ExitCode.DONE
    assert numbers(out) == list(range(1, COUNT + 1))
    assert streams.asked[0][1] == "oldest"
    assert len(streams.asked) > 3


def test_a_line_holds_time_event_task_kind_and_the_id_to_go_on_from(
    streams: Streams, run: Run
) -> None:
    streams.cuts = False
    _, out, _ = run("--since", "1-298-298")
    first, second = out.splitlines()
    wanted = rf"2026-11-25 .*  task\.queued +{TASK}  lead_analysis  attempt 1  1-299-299"
    assert re.fullmatch(wanted, first)
    assert second.endswith("1-300-300")


def test_types_and_kinds_are_asked_for_and_those_of_a_task_are_chosen_here(
    streams: Streams, run: Run
) -> None:
    streams.cuts = False
    run("--type", "task.dead", "--type", "task.failed", "--kind", "follow_up")
    assert streams.asked[0][0] == "/v1/events?type=task.dead&type=task.failed&kind=follow_up"
    _, out, _ = run("--task", TASK, "--type", "task.dead")
    assert out == ""
    assert streams.asked[-1] == (f"/v1/tasks/{TASK}/events", None)
    assert run("--task", TASK, "--kind", "x")[0] == ExitCode.USAGE


def test_following_a_task_ends_when_the_service_says_that_nothing_follows(
    streams: Streams, run: Run
) -> None:
    streams.cuts = False
    streams.tail = frame(COUNT + 1, "task.succeeded").replace(b"id: 1-301-301", b"id: end")
    code, out, _ = run("--task", TASK, "--follow", "--json")
    assert code == ExitCode.DONE
    assert json.loads(out.splitlines()[-1])["type"] == "task.succeeded"
    assert streams.asked[-1][1] == "end"


def test_a_reset_is_said_on_the_side_and_in_json_as_an_event(streams: Streams, run: Run) -> None:
    streams.cuts = False
    told = b'event: reset\ndata: {"reason":"expired"}\nid: 1-300-0\n\n'
    streams.tail = told + streams.tail
    _, out, err = run("--since", "1-300-300", "--type", "task.queued")
    assert (out, "read the tasks anew" in err) == ("", True)
    _, out, _ = run("--since", "1-300-300", "--json")
    assert json.loads(out) == {"type": "reset", "id": "1-300-0", "reason": "expired"}


@pytest.mark.parametrize(
    ("status", "code"), [(401, ExitCode.REFUSED), (404, ExitCode.REFUSED), (429, ExitCode.REFUSED)]
)
def test_a_first_refusal_ends_the_command_as_it_ends_others(
    streams: Streams, run: Run, status: int, code: ExitCode
) -> None:
    streams.refusals = [status]
    got, _, err = run()
    assert got == code
    assert err.startswith("gardenos: No: not now")
    assert len(err.splitlines()) == 1


def test_a_service_that_is_busy_after_a_cut_is_asked_again_and_one_that_refuses_is_not(
    streams: Streams, run: Run
) -> None:
    streams.refusals = [0, 503, 429, 500]
    code, out, _ = run("--json")
    assert code == ExitCode.DONE
    assert numbers(out) == list(range(1, COUNT + 1))
    streams.refusals = [0, 403]
    streams.rng = Random(11)  # noqa: S311 - seeded
    assert run("--json")[0] == ExitCode.REFUSED


def test_a_service_that_stays_away_is_given_up_with_the_exit_code_of_others(
    streams: Streams, run: Run
) -> None:
    streams.refusals = [0, *[503] * 50]
    code, _, err = run("--json", "--retry-for", "0")
    assert code == ExitCode.UNAVAILABLE
    assert "no events from http://127.0.0.1" in err


def test_no_service_at_all_is_said_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDENOS_HTTP__PORT", "1")
    code, _, err = run("--follow")
    assert code == ExitCode.UNAVAILABLE
    assert "gardenos serve starts a service" in err


def test_waits_double_up_to_a_cap_from_the_pause_that_the_service_asks_for() -> None:
    text = event_reader.StreamText(None)
    list(text.read(b"retry: 500\n\n"))
    reader = event_reader.EventReader(
        service=None,  # type: ignore[arg-type]
        path="",
        params={},
        follow=True,
        retry_for_s=1.0,
        text=text,
        jitter=lambda: 1.0,
    )
    assert [reader._wait_s(one) for one in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 30.0]


def test_a_stream_without_end_of_block_is_none_of_ours() -> None:
    text = event_reader.StreamText(None)
    with pytest.raises(RefusedError):
        list(text.read(b"data: " + b"x" * event_reader.MAX_BLOCK_BYTES))
