"""`vitals backfill` and the history of `make up` against prepared responses."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from local.stack.history import backfill_history
from local.stack.progress import Progress
from operations.errors import OperatorError
from tests.support.laid_out_server import DRY, PLAN, RUN, STARTED, TOKEN, Answer, LaidOutServer, error, run
from tests.support.template import ROOT
from vitals_client.backfills import Backfills
from vitals_client.cli import backfill_text
from vitals_client.cli.progress import Lines
from vitals_client.errors import UnansweredError
from vitals_client.http import Http

RANGE = ("mill", "2026-01-01", "2026-01-04")
POLL = f"GET /backfill/{RUN}"
START = "POST /backfill/start"
AGAIN = "vitals backfill start mill 2026-01-01 2026-01-04"
FORCED = "vitals backfill start --force mill 2026-01-01 2026-01-04"
STOPPED = f"""\
stopped watching; backfill {RUN} continues
  watch it again:  vitals backfill watch {RUN}
  cancel it:       vitals backfill cancel {RUN}
"""
VITALS = str(Path(sys.executable).with_name("vitals"))


@pytest.fixture
def server() -> Iterator[LaidOutServer]:
    server = LaidOutServer()
    server.lay_out(START, STARTED)
    with server.serving():
        yield server


def environ(server: LaidOutServer, **variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VITALS_")}
    return inherited | {"VITALS_API": server.url, "VITALS_TOKEN": TOKEN} | variables


def backfill(server: LaidOutServer, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VITALS, "backfill", *arguments],
        cwd=ROOT,
        env=environ(server, **variables),
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_a_run_is_started_and_followed_to_completion(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["reading", "waiting"])), (200, run(["done", "empty"], "succeeded")))
    done = backfill(server, "start", *RANGE, "--force")
    assert (done.returncode, done.stderr) == (0, "")
    started, progress, ended = done.stdout.splitlines()
    assert started.startswith(
        f"backfill {RUN}: 4 days of mill to read, 2026-01-01 to 2026-01-04 (2 already complete"
    )
    assert progress.startswith("0 of 2 days, 0 samples, 250 per second")
    assert progress.endswith("remaining, reading 2026-01-01")
    assert ended == "succeeded: 1 day done, 1 empty, 0 failed; 1,000 samples in 42 s"
    body = {"site_name": "mill", "start_date": "2026-01-01", "end_date": "2026-01-04"}
    assert server.requests[0] == (START, body | {"force": True, "dry_run": False})


def test_failed_days_are_named_with_the_next_command(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["done", "failed", "empty", "failed"], "partial")))
    done = backfill(server, "start", *RANGE)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        "partial: 1 day done, 1 empty, 2 failed; 1,000 samples in 42 s",
        "  2026-01-02  UpstreamUnavailableError",
        "  2026-01-04  UpstreamUnavailableError",
        "start the same range again; complete days are skipped:",
        f"  {AGAIN}",
    ]


def test_a_forced_run_is_forced_again(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["failed"], "failed", force=True, error="States.Timeout")))
    done = backfill(server, "watch", RUN)
    assert done.returncode == 1
    assert "  States.Timeout\n" in done.stdout
    assert f"every day is read again:\n  {FORCED}\n" in done.stdout


def test_only_the_first_failed_days_are_shown() -> None:
    lines = backfill_text.outcome(run(["failed"] * 30, "failed"))
    assert (len(lines), lines[-1]) == (22, "  and 10 more")


def test_a_dry_run_shows_an_estimate(server: LaidOutServer) -> None:
    server.lay_out(START, DRY)
    done = backfill(server, "start", *RANGE, "--dry-run")
    assert done.returncode == 0
    assert done.stdout == (
        "dry run: 4 days of mill to read, 2026-01-01 to 2026-01-04 (2 already complete): "
        "about 1,200 requests, 2.5 minutes, $0.12\n"
    )
    assert len(server.requests) == 1


def planned(start: str, end: str, days: int) -> tuple[int, dict[str, Any]]:
    estimate = {"requests": 0, "minutes": days / 4, "dollars": days / 1000}
    plan = {"start_date": start, "end_date": end, "days_total": days, "days_complete": 1}
    return 200, DRY[1] | {"rebuild": True, **plan, "estimate": estimate}


def test_a_rebuild_covers_every_day_in_runs(server: LaidOutServer) -> None:
    """Runs without days are not started; a run that fails does not end the others."""
    new, old = ("2025-01-01", "2026-12-31"), ("2023-01-01", "2024-12-30")
    started = (202, {key: value for key, value in DRY[1].items() if key != "dry_run"} | STARTED[1])
    server.lay_out(START, planned(*new, 3), planned(*old, 5), *[planned("a", "b", 0)] * 17, started, started)
    server.lay_out(POLL, (200, run(["failed"], "partial", rebuild=True)), (200, run(["done"], "succeeded")))
    done = backfill(server, "rebuild", "mill")
    assert done.returncode == 1
    assert "start again:\n  vitals backfill rebuild mill\n" in done.stdout
    assert done.stdout.endswith("succeeded: 1 day done, 0 empty, 0 failed; 1,000 samples in 42 s\n")
    sent = [body for request, body in server.requests if request == START]
    assert all(body["rebuild"] and not body["force"] for body in sent)
    estimates, runs = sent[:-2], sent[-2:]
    assert [(body["start_date"], body["end_date"]) for body in runs] == [new, old]
    spans = [tuple(map(date.fromisoformat, (body["start_date"], body["end_date"]))) for body in estimates]
    assert spans[0][1] == datetime.now(UTC).date() - timedelta(days=1)
    assert spans[-1][0] == date(1990, 1, 1)
    assert all((last - first).days < 730 for first, last in spans)
    assert all(later[0] - earlier[1] == timedelta(days=1) for later, earlier in pairwise(spans))


def test_a_dry_rebuild_shows_one_estimate(server: LaidOutServer) -> None:
    no_days = planned("1990-01-01", "1990-06-01", 0)
    server.lay_out(
        START, planned("2025-01-01", "2026-12-31", 8), planned("2023-01-01", "2024-12-30", 1000), no_days
    )
    done = backfill(server, "rebuild", "mill", "--dry-run", "--force")
    assert (done.returncode, done.stdout) == (
        0,
        "dry run: 1,008 days of mill to rebuild, 2023-01-01 to 2026-12-31 (2 already complete): "
        "about 252.0 minutes, $1.01\n",
    )
    assert all(body["dry_run"] and body["force"] for _, body in server.requests)


def test_nothing_to_rebuild_starts_no_run(server: LaidOutServer) -> None:
    server.lay_out(START, planned("2025-01-01", "2026-12-31", 0))
    done = backfill(server, "rebuild", "mill", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["days_total"] == 0
    assert all(body["dry_run"] for _, body in server.requests)


def test_a_cancelled_rebuild_starts_no_other(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["cancelled"], "cancelled", rebuild=True)))
    server.lay_out(START, *[planned("2025-01-01", "2025-01-02", 1)] * 19, STARTED)
    assert backfill(server, "rebuild", "mill").returncode == 3
    assert len([request for request, _ in server.requests if request == START]) == 20


def test_without_waiting_only_the_id_is_shown(server: LaidOutServer) -> None:
    done = backfill(server, "start", *RANGE, "--no-wait")
    assert done.returncode == 0
    assert done.stdout.startswith(f"backfill {RUN}: 4 days of mill to read")
    assert done.stderr == f"watch it with `vitals backfill watch {RUN}`\n"
    assert len(server.requests) == 1


def test_a_conflict_names_the_running_backfill(server: LaidOutServer) -> None:
    server.lay_out(START, error(409, "CONFLICT", "mill is being backfilled", running_id="bf-0"))
    done = backfill(server, "start", *RANGE)
    assert done.returncode == 2
    assert "mill is being backfilled" in done.stderr
    assert done.stderr.endswith("watch it with:\n  vitals backfill watch bf-0\n")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_shown_with_the_apis_text(server: LaidOutServer, status: int) -> None:
    server.lay_out(START, error(status, "CODE", "text of the API"))
    done = backfill(server, "start", "mill", "yesterday", "2026-01-04")
    assert (done.returncode, done.stderr) == (2, "error: text of the API (CODE)\n")


def test_a_bad_token_is_refused(server: LaidOutServer) -> None:
    done = backfill(server, "list", "mill", VITALS_TOKEN="another")
    assert (done.returncode, done.stderr) == (2, "error: no good token (UNAUTHORIZED)\n")


def test_a_start_without_an_answer_may_have_started(server: LaidOutServer) -> None:
    server.lay_out(START, (502, {"message": "bad gateway"}))
    done = backfill(server, "start", *RANGE)
    assert done.returncode == 1
    assert "returned 502: bad gateway" in done.stderr
    assert "the backfill may have started; check with `vitals backfill list mill`" in done.stderr
    assert len(server.requests) == 1


@pytest.mark.parametrize("arguments", [(), ("start", "mill"), ("watch", ""), ("cancel", ".."), ("stop", "x")])
def test_invalid_arguments_send_no_request(server: LaidOutServer, arguments: tuple[str, ...]) -> None:
    done = backfill(server, *arguments)
    assert done.returncode == 2
    assert "Usage: vitals backfill" in done.stderr + done.stdout
    assert server.requests == []


def test_a_cancel_is_accepted_or_comes_too_late(server: LaidOutServer) -> None:
    cancel = f"POST /backfill/{RUN}/cancel"
    server.lay_out(cancel, (202, {"id": RUN, "status": "running", "cancel_requested": True}))
    accepted = backfill(server, "cancel", RUN)
    assert accepted.returncode == 0
    assert f"`vitals backfill watch {RUN}`" in accepted.stdout
    server.lay_out(cancel, (200, {"id": RUN, "status": "succeeded", "cancel_requested": False}))
    late = backfill(server, "cancel", RUN)
    assert (late.returncode, late.stdout) == (0, f"backfill {RUN} has already ended: succeeded\n")


def test_a_cancelled_run_has_exit_code_3(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["done", "cancelled"], "cancelled", cancel_requested=True)))
    done = backfill(server, "watch", RUN)
    assert done.returncode == 3
    assert done.stdout.startswith("cancelled: 1 day done, 0 empty, 0 failed, 1 cancelled; 1,000 samples")
    assert f"complete days are skipped:\n  {AGAIN}\n" in done.stdout


def test_the_runs_of_a_site_are_listed(server: LaidOutServer) -> None:
    ended = run(["done"], "succeeded")
    del ended["days"]
    server.lay_out("GET /backfill?site_name=mill&limit=20", (200, {"backfills": [ended]}))
    done = backfill(server, "list", "mill")
    assert done.stdout == (
        f"{RUN}  2026-01-01 to 2026-01-04  succeeded  100 %  1,000 samples  started 2026-11-23T12:00:00Z\n"
    )
    server.lay_out("GET /backfill?site_name=mill&limit=20", (200, {"backfills": []}))
    assert backfill(server, "list", "mill").stderr == "no backfills of mill\n"


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_has_a_line_for_each_poll(server: LaidOutServer) -> None:
    ended = run(["done", "failed"], "partial")
    server.lay_out(POLL, (200, run(["reading", "waiting"])), (200, ended))
    done = backfill(server, "start", *RANGE, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    started, running, last = lines_of(done)
    assert started == STARTED[1]
    assert running == {key: value for key, value in run(["reading", "waiting"]).items() if key != "days"}
    assert last == ended
    assert lines_of(backfill(server, "watch", RUN, "--json")) == [ended]


def test_every_command_has_json(server: LaidOutServer) -> None:
    cancelled = {"id": RUN, "status": "running", "cancel_requested": True}
    server.lay_out(f"POST /backfill/{RUN}/cancel", (202, cancelled))
    server.lay_out("GET /backfill?site_name=mill&limit=20", (200, {"backfills": []}))
    assert lines_of(backfill(server, "cancel", RUN, "--json")) == [cancelled]
    assert lines_of(backfill(server, "list", "mill", "--json")) == [{"backfills": []}]
    assert lines_of(backfill(server, "start", *RANGE, "--no-wait", "--json")) == [STARTED[1]]
    server.lay_out(START, DRY)
    assert lines_of(backfill(server, "start", *RANGE, "--dry-run", "--json")) == [DRY[1]]
    refused = backfill(server, "watch", "bf-9", "--json")
    assert (refused.returncode, refused.stdout) == (2, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_does_not_cancel_the_run(server: LaidOutServer, number: signal.Signals) -> None:
    server.lay_out(POLL, (200, run(["reading", "waiting"])))
    with subprocess.Popen(
        [VITALS, "backfill", "start", *RANGE],
        cwd=ROOT,
        env=environ(server),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert server.polled.wait(30)
        os.killpg(process.pid, number)
        _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, STOPPED)
    assert {request for request, _ in server.requests} == {START, POLL}


FOLLOWING = """
import atexit, signal, sys
from vitals_client.backfills import Backfills
from vitals_client.cli import main, signals

class Response:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
{follow}
Backfills.follow = Backfills.list = follow
main()
"""
INTERRUPTED_IN_A_FINALIZER = """
class HalfMade:
    def __del__(self):
        self.connection.close()

def follow(*_):
    half_made = HalfMade()
    Response()
    while True:
        pass
    yield
"""
INTERRUPTED_AGAIN = """
# However slow the machine is.
signals._ENDING_S = 3600

def follow(*_):
    signal.raise_signal(signal.SIGINT)

@atexit.register
def again():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.raise_signal(number)

class Interrupting:
    def write(self, text):
        again()
        return sys.__stderr__.write(text)

    def flush(self):
        again()
        sys.__stderr__.flush()

sys.stderr = Interrupting()
"""
INTERRUPTED_TOO_LATE = f"""
# However slow the machine is.
signals._AGAIN_S = 3600

def follow(*_):
    yield {run(["done"], "succeeded")}
    Response()

@atexit.register
def again():
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
"""


def following(server: LaidOutServer, follow: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of runs that `follow` reads."""
    python = [sys.executable, "-c", FOLLOWING.format(follow=follow)]
    return subprocess.run(
        [*python, "backfill", *command], env=environ(server), text=True, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    ("follow", "command", "stderr"),
    [
        (INTERRUPTED_IN_A_FINALIZER, ("watch", RUN), STOPPED),
        (INTERRUPTED_AGAIN, ("watch", RUN), STOPPED),
        (INTERRUPTED_AGAIN, ("list", "mill"), "interrupted\n"),
    ],
)
def test_one_interrupt_ends_a_command_whenever_raised(
    server: LaidOutServer, follow: str, command: tuple[str, ...], stderr: str
) -> None:
    """Python discards the exception of a finalizer, and prints it."""
    done = following(server, follow, *command)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", stderr)


def test_a_command_that_ends_is_not_interrupted(server: LaidOutServer) -> None:
    done = following(server, INTERRUPTED_TOO_LATE, "watch", RUN)
    assert (done.returncode, "Traceback" in done.stderr, "Error" in done.stderr) == (0, False, False)


def backfills(url: str, sleep: Callable[[float], None]) -> Backfills:
    http = Http(url, TOKEN, timeout_s=5, retries=0)
    return Backfills(http, http, sleep)


def test_some_errors_while_watching_are_retried(server: LaidOutServer) -> None:
    broken, ended = error(503, "UNAVAILABLE", "busy"), (200, run(["done"], "succeeded"))
    server.lay_out(POLL, broken, (200, run(["reading"])), broken, broken, ended)
    pauses: list[float] = []
    warnings: list[str] = []
    runs = list(backfills(server.url, pauses.append).follow(RUN, warnings.append))
    assert [run["status"] for run in runs] == ["running", "succeeded"]
    assert pauses == [1, 1, 1, 2]
    assert warnings[-1] == "busy (UNAVAILABLE, request r-1); retrying (2 of 8)"


def test_polling_stops_after_eight_failures() -> None:
    pauses: list[float] = []
    follow = backfills("http://127.0.0.1:9", pauses.append).follow(RUN)
    with pytest.raises(UnansweredError, match="stopped polling after 8 failures in a row"):
        list(follow)
    assert sum(pauses) == 60


def test_a_missing_run_is_not_polled_again(server: LaidOutServer) -> None:
    assert backfill(server, "watch", "bf-9").returncode == 2
    assert len(server.requests) == 1


def test_a_line_is_printed_every_five_seconds() -> None:
    now, output = [0], list[str]()
    lines = Lines(output.append, output.append, lambda: now[0])
    days = [["reading", "waiting", "waiting"], *[["done", "reading", "waiting"]] * 8]
    for statuses in [*days, ["done", "done", "reading"], ["done", "done", "done"]]:
        state = run(statuses)
        lines.show(state, backfill_text.progress_step(state, datetime.now(UTC)))
        output.append(f"{now[0]} s")
        now[0] += 1
    printed = [(text.partition(",")[0], then) for text, then in pairwise(output) if not text.endswith(" s")]
    assert printed == [("0 of 3 days", "0 s"), ("1 of 3 days", "5 s"), ("3 of 3 days", "10 s")]


def test_a_line_has_every_detail() -> None:
    now = datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC)
    text = backfill_text.progress_text(run(["done", "failed", "reading", "reading"]), now)
    assert text == (
        "2 of 4 days, 1 failed, 1,000 samples, 250 per second, 0:01:30 remaining, "
        "reading 2026-01-03, 2026-01-04"
    )
    four = backfill_text.progress_text(run(["reading"] * 4), now)
    assert four.endswith("reading 2026-01-01, 2026-01-02, 2026-01-03 …")
    early = run(["waiting"], samples_per_second=0.0, estimated_end=None, cancel_requested=True)
    assert backfill_text.progress_text(early, now) == "0 of 1 day, 0 samples, being cancelled"


def test_a_terminal_shows_a_bar(server: LaidOutServer) -> None:
    server.lay_out(POLL, (200, run(["done", "reading"])), (200, run(["done", "done"], "succeeded")))
    terminal, command_end = pty.openpty()
    with subprocess.Popen(
        [VITALS, "backfill", "watch", RUN],
        cwd=ROOT,
        env=environ(server, TERM="xterm", COLUMNS="80"),
        stdin=command_end,
        stdout=command_end,
        stderr=command_end,
    ) as process:
        os.close(command_end)
        shown = read_all(terminal)
        os.close(terminal)
    assert process.returncode == 0
    assert "━" in shown
    assert "1 of 2 days, 1,000 samples" in shown
    assert shown.rstrip().endswith("succeeded: 2 days done, 0 empty, 0 failed; 2,000 samples in 42 s")


def read_all(terminal: int) -> str:
    output = b""
    while True:
        try:
            output += os.read(terminal, 4096)
        except OSError:  # On Linux, the other end is closed.
            return output.decode()


def test_the_local_stack_is_the_default(server: LaidOutServer, tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"api": server.url, "token": TOKEN}))
    server.lay_out("GET /backfill?site_name=mill&limit=20", (200, {"backfills": []}))
    home = {"VITALS_API": "", "VITALS_TOKEN": "", "VITALS_HOME": str(tmp_path)}
    assert backfill(server, "list", "mill", **home).returncode == 0
    (tmp_path / "stack.json").unlink()
    none = backfill(server, "list", "mill", **home)
    assert none.returncode == 2
    assert none.stderr.startswith("error: no API is configured; set VITALS_API and VITALS_TOKEN")
    incomplete = backfill(server, "list", "mill", VITALS_API="")
    assert "set both VITALS_API and VITALS_TOKEN, or neither" in incomplete.stderr


def history(server: LaidOutServer, days: int = 4) -> None:
    backfill_history(
        backfills(server.url, lambda seconds: None), ["mill"], days, date(2026, 1, 5), Progress()
    )


def test_a_new_stack_reads_the_days_before_today(
    server: LaidOutServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.lay_out(START, DRY, STARTED)
    server.lay_out(POLL, (200, run(["reading"])), (200, run(["done"] * 4, "succeeded")))
    history(server)
    body = {"site_name": "mill", "start_date": "2026-01-01", "end_date": "2026-01-04", "force": False}
    assert server.requests[:2] == [(START, body | {"dry_run": True}), (START, body | {"dry_run": False})]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("s] history of mill from 2026-01-01 to 2026-01-04, 4 days to read")
    assert lines[-1].endswith("s]   succeeded: 4 days done, 0 empty, 0 failed; 4,000 samples in 42 s")


def test_a_stack_with_history_starts_no_run(
    server: LaidOutServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.lay_out(START, (200, {"dry_run": True, **PLAN, "days_total": 0}))
    history(server)
    assert len(server.requests) == 1
    assert "is already stored" in capsys.readouterr().out


@pytest.mark.parametrize("before", [[], [DRY]])
def test_a_stack_does_not_wait_for_another_run(
    server: LaidOutServer, capsys: pytest.CaptureFixture[str], before: list[Answer]
) -> None:
    server.lay_out(START, *before, error(409, "CONFLICT", "at work", running_id="bf-0"))
    history(server)
    assert (
        "backfill bf-0 of mill is already running; follow it with `vitals backfill watch bf-0`"
        in capsys.readouterr().out
    )


def test_a_failed_history_names_its_days(server: LaidOutServer) -> None:
    server.lay_out(START, DRY, STARTED)
    server.lay_out(POLL, (200, run(["done", "failed"], "partial")))
    with pytest.raises(
        OperatorError, match=r"(?s)the history of mill: partial.*2026-01-02  Upstream.*DAYS=0"
    ):
        history(server)


def test_a_refused_history_names_its_site(server: LaidOutServer) -> None:
    server.lay_out(START, error(404, "NOT_FOUND", "no site mill"))
    with pytest.raises(OperatorError, match=r"the history of mill: no site mill"):
        history(server)


def test_no_days_send_no_request(server: LaidOutServer) -> None:
    history(server, days=0)
    assert server.requests == []
