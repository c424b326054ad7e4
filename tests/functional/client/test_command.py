"""The command `vitals` against the API's own handlers: output for people and scripts, and exit codes."""

import ast
import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.api_server import ApiServer
from tests.support.client_data import POINT, SPAN, of_csv, of_parquet
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.client_tables import page, stream
from tests.support.clock import NOON
from tests.support.command import Vitals, command, out
from tests.support.laid_out_server import TOKEN, LaidOutServer, error
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.timespan import iso
from vitals_client import Client, tables
from vitals_client.cli import app, plugins
from vitals_client.cli.formatting import number

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]

RANGE = ("--start", iso(SPAN.start_ms), "--end", iso(SPAN.end_ms))


@pytest.fixture
def vitals(server: ApiServer, token: str) -> Vitals:
    return command(server.url, token)


def only_json(done: Result) -> Any:
    """Returns the one document on stdout, with nothing on stderr."""
    assert (done.exit_code, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    return json.loads(line)


def test_sites_points_and_latest_as_tables_and_json(vitals: Vitals, client: Client) -> None:
    head, row = out(vitals("sites")).splitlines()
    assert head.split() == ["site", "name", "points", "synced", "until", "lag"]
    assert row.split()[0] == SITE and row.endswith("2026-01-01T12:20:00Z  0:02:01")
    assert only_json(vitals("sites", "--json")) == {"sites": client.sites()}

    points = list(client.points(SITE, "zone temp", ["air"]))
    lines = out(vitals("points", SITE, "--search", "zone temp", "--tag", "air")).splitlines()[1:]
    assert [line.split()[0] for line in lines] == [point["point_name"].split()[0] for point in points]
    arguments = ("points", SITE, "--search", "zone temp", "--tag", "air", "--json")
    assert only_json(vitals(*arguments)) == {"points": points}
    nothing = vitals("points", SITE, "--search", "no such words")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "no points match\n")

    newest = client.latest(SITE, [POINT])
    _, row = out(vitals("latest", SITE, POINT)).splitlines()
    shown = number(newest[0]["value"])
    assert row.split() == [POINT, "2026-01-01T12:19:00.000Z", shown, "degreesFahrenheit"]
    assert only_json(vitals("latest", SITE, POINT, "--json"))["latest"] == newest
    assert len(out(vitals("latest", SITE)).splitlines()) == 1 + len(client.latest(SITE))


def test_a_query_as_a_table_and_as_json(vitals: Vitals, client: Client) -> None:
    table = client.query(SITE, [POINT], SPAN.start_ms, SPAN.end_ms, resolution="1h")
    head, *rows = out(vitals("query", SITE, POINT, *RANGE, "--resolution", "1h")).splitlines()
    assert head.split() == [*table.column_names, "partial"]
    assert rows[-1].endswith("  partial") and not rows[0].endswith("partial")
    assert [row.split()[2:4] for row in rows] == [
        [number(value), number(least)]
        for value, least in zip(table["value"].to_pylist(), table["min"].to_pylist(), strict=True)
    ]
    answer = only_json(vitals("query", SITE, POINT, *RANGE, "--resolution", "1h", "--json"))
    assert answer["series"] == tables.answer(table)["series"]
    assert answer["metadata"]["total_samples"] == 4


def cells_of(trouble: LaidOutServer, value: float) -> list[str]:
    """Returns the cells with this number in the tables of `latest` and `query`."""
    vitals = command(trouble.url, TOKEN)
    newest = {"point_name": "a", "timestamp": NOON, "value": value, "unit": "", "last_seen": NOON}
    listed = {"latest": [newest], "next_token": None, "warnings": []}
    trouble.lay_out("GET /sites/mill/latest?limit=1000", (200, listed))
    [_, latest] = out(vitals("latest", "mill")).splitlines()
    assert only_json(vitals("latest", "mill", "--json"))["latest"] == [newest]
    arrow = {"Content-Type": "application/vnd.apache.arrow.stream"}
    trouble.lay_out("POST /timeseries/query", (200, stream(page([(0, NOON, value)])), arrow))
    arguments = ("query", "mill", "a", "--start", "2026-01-01")
    [_, row] = out(vitals(*arguments)).splitlines()
    [_, exact] = out(vitals(*arguments, "--format", "csv")).splitlines()
    assert float(exact.split(",")[2]).hex() == value.hex()
    assert only_json(vitals(*arguments, "--json"))["series"][0]["values"] == [value]
    return [latest.split()[2], row.split()[2]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-0.0, "0.0"),
        (72.0, "72.0"),
        (-1.7976931348623157e308, "-1.7977e+308"),
        (69.0999984741211, "69.099998474"),
    ],
)
def test_tables_round_numbers_and_files_do_not(trouble: LaidOutServer, value: float, shown: str) -> None:
    assert cells_of(trouble, value) == [shown, shown]


def test_a_command_runs_in_any_thread(vitals: Vitals) -> None:
    """The signal handlers of the calling program do not change."""
    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        assert only_json(pool.submit(vitals, "sites", "--json").result(60))["sites"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_query_written_to_files_is_exact(
    vitals: Vitals, client: Client, building: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [point["point_name"] for point in client.points(SITE) if "weather" not in point["point_name"]]
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 700)
    raw = ("query", SITE, *names, *RANGE, "--resolution", "raw")
    truth = building.truth(SPAN)
    for format, read in {"csv": of_csv, "parquet": of_parquet}.items():
        file = tmp_path / f"samples.{format}"
        assert out(vitals(*raw, "--format", format, "-o", str(file))) == ""
        assert read([file]) == truth
        assert list(tmp_path.iterdir()) == [file]
        file.rename(tmp_path.with_suffix(f".{format}"))
    text = out(vitals(*raw, "--format", "csv"))
    assert text == tmp_path.with_suffix(".csv").read_text()
    assert next(csv.reader(io.StringIO(text))) == ["point_name", "timestamp", "value"]
    assert pq.read_schema(tmp_path.with_suffix(".parquet")).names == ["point_name", "timestamp", "value"]


def test_a_query_that_fails_leaves_no_file(vitals: Vitals, tmp_path: Path) -> None:
    for format in ("csv", "parquet"):
        file = tmp_path / f"samples.{format}"
        file.write_text("before")
        done = vitals("query", SITE, "nope", *RANGE, "--format", format, "-o", str(file))
        assert (done.exit_code, done.stderr) == (2, "error: the site has no point 'nope' (NOT_FOUND)\n")
        assert file.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_sparkline_has_bars_only_where_samples_are(vitals: Vitals) -> None:
    early = ("--start", "2026-01-01T09:30:00Z", "--end", "2026-01-01T10:00:00Z", "--width", "10")
    [line] = out(vitals("query", SITE, POINT, *early, "--format", "sparkline")).splitlines()
    bars, label = line[:10], line[10:]
    assert bars[:5] == " " * 5 and set(bars[5:]) <= set("▁▂▃▄▅▆▇█")
    assert label.endswith(f"  {POINT}") and " to " in label
    done = vitals("query", SITE, POINT, "nope", *early, "--format", "sparkline")
    assert done.stdout.splitlines()[1] == f"{' ' * 10}  no samples  nope"
    assert done.stderr == "warning: The site has no point 'nope'.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "--format", "csv"),
        ("--format", "parquet"),
        ("--format", "sparkline", "-o", "x"),
        ("--json", "-o", "x"),
        ("--format", "xml"),
        ("--width", "0"),
        ("--units", "english"),
        ("--measure", "runtime", "--format", "sparkline"),
    ],
)
def test_conflicting_options_send_no_request(arguments: tuple[str, ...]) -> None:
    done = command("http://127.0.0.1:9", "t")("query", SITE, POINT, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Usage: vitals query" in done.stderr


def test_coverage_is_a_heat_map(vitals: Vitals, client: Client) -> None:
    arguments = ("coverage", SITE, "--start", "2025-12-30", "--end", "2026-01-02")
    lines = out(vitals(*arguments)).splitlines()
    assert lines[1:3] == ["2025-12  " + " " * 29 + "··", "2026-01  ░"]
    assert lines[-1] == "2026-01-01  31 of 148 windows have data, 31 were polled"
    assert only_json(vitals(*arguments, "--json")) == client.coverage(SITE, "2025-12-30", "2026-01-02")


def test_an_export_is_created_and_downloaded(
    vitals: Vitals, client: Client, building: World, tmp_path: Path
) -> None:
    arguments = ("export", "create", SITE, POINT, *RANGE, "--format", "csv")
    started, ended, file = out(vitals(*arguments, "--download", str(tmp_path))).splitlines()
    assert started.endswith(": 1 point, 1 day")
    assert ended.startswith("completed; 155 rows, ")
    truth = {key: value for key, value in building.truth(SPAN).items() if key[0] == POINT}
    assert of_csv([Path(file)]) == truth
    export = started.split()[1].rstrip(":")

    [waited] = map(json.loads, out(vitals("export", "wait", export, "--json")).splitlines())
    assert (waited["status"], waited["rows"]) == ("completed", 155)
    result = only_json(vitals("export", "download", export, str(tmp_path), "--json"))
    assert result == {"id": export, "files": [file]}
    assert f"vitals export download {export}" in vitals("export", "wait", export).stderr
    listed = only_json(vitals("export", "list", SITE, "--json"))["exports"]
    assert [entry["id"] for entry in listed] == [export]
    _, row = out(vitals("export", "list", SITE)).splitlines()
    assert row.split()[0] == export and " completed " in row
    assert out(vitals("export", "cancel", export)) == f"export {export} is removed\n"
    assert vitals("export", "list", SITE).stderr == f"no exports of {SITE}\n"
    assert vitals("export", "wait", export).exit_code == 2


def test_create_returns_at_once_with_no_wait(vitals: Vitals) -> None:
    done = vitals("export", "create", SITE, *RANGE, "--no-wait", "--json")
    export = json.loads(out(done))
    assert export["status"] == "queued"
    assert done.stderr == f"wait for it with `vitals export wait {export['id']}`\n"
    both = vitals("export", "create", SITE, *RANGE, "--no-wait", "-o", "x")
    assert (both.exit_code, both.stdout) == (2, "")


def test_a_backfill_is_started_and_watched(vitals: Vitals) -> None:
    dry = out(vitals("backfill", "start", SITE, "2025-12-27", "2025-12-27", "--dry-run"))
    assert dry.startswith(f"dry run: 1 day of {SITE} to read, 2025-12-27 to 2025-12-27: about 1 request,")
    started, ended = out(vitals("backfill", "start", SITE, "2025-12-27", "2025-12-27")).splitlines()
    assert ended.startswith("succeeded: 1 day done, 0 empty, 0 failed; ")
    run = started.split()[1].rstrip(":")
    assert out(vitals("backfill", "watch", run)) == f"{ended}\n"
    assert out(vitals("backfill", "cancel", run)) == f"backfill {run} has already ended: succeeded\n"
    assert out(vitals("backfill", "list", SITE)).startswith(f"{run}  2025-12-27 to 2025-12-27  succeeded")


def test_an_invalid_token_is_refused(server: ApiServer, make_token: Callable[..., str]) -> None:
    done = command(server.url, "vitals_nonsense")("sites", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: a valid bearer token is needed (UNAUTHORIZED)\n"
    done = command(server.url, make_token("read"))("backfill", "start", SITE, "2025-12-27", "2025-12-27")
    assert done.exit_code == 2
    assert "(FORBIDDEN)" in done.stderr


# Prepared responses


@pytest.fixture
def trouble() -> Iterator[LaidOutServer]:
    server = LaidOutServer()
    with server.serving():
        yield server


STATUS = {
    "sites": [
        {
            "site_name": "mill",
            "display_name": "Mill",
            "status": "paused",
            "timezone": "America/Chicago",
            "units": "source",
            "points": 4583,
            "synced_from": "2026-01-01T00:00:00Z",
            "synced_until": "2026-11-23T12:00:00Z",
            "lag_seconds": 61,
            "rejected": {"not a number": 12, "unknown point": 1},
            "rejected_since": "2026-11-23T11:55:00Z",
            "rejected_until": "2026-11-23T12:00:00Z",
            "unarchived_days": ["2026-11-20", "2026-11-21"],
            "unarchived_count": 2,
            "days_to_rebuild": 1234,
            "upstream_paused_until": "2026-11-23T12:10:00Z",
        }
    ],
    "dead_letters": {"sync": 0, "archive": 1, "export": 0},
    "warnings": [],
}


def test_status_shows_sites_and_dead_letters(trouble: LaidOutServer) -> None:
    trouble.lay_out("GET /status", (200, STATUS))
    _, row, *lines = out(command(trouble.url, TOKEN)("status")).splitlines()
    assert row.split() == [
        *("mill", "4,583", "2026-11-23T12:00:00Z", "0:01:01"),
        *("not", "a", "number", "12,", "unknown", "point", "1", "2"),
    ]
    assert lines == [
        "mill: paused, so it is not synced",
        "mill: unarchived: 2026-11-20, 2026-11-21",
        "mill: 1,234 days with rollups of an older release; `vitals backfill rebuild mill` rebuilds them",
        "mill: requests to the upstream are paused until 2026-11-23T12:10:00Z",
        "dead letters: sync 0, archive 1, export 0",
    ]
    assert only_json(command(trouble.url, TOKEN)("status", "--json")) == STATUS
    counts = {"sync": None, "archive": None, "export": 3}
    unread = [STATUS["sites"][0] | {"unarchived_days": [], "unarchived_count": None, "days_to_rebuild": None}]
    warning = "The dead letters of sync could not be read. Try again in a few seconds."
    answer = STATUS | {"sites": unread, "dead_letters": counts, "warnings": [warning]}
    trouble.lay_out("GET /status", (200, answer))
    done = command(trouble.url, TOKEN)("status")
    _, row, *_, dead_letters = out(done).splitlines()
    assert row.endswith("unknown")
    assert dead_letters == "dead letters: sync unknown, archive unknown, export 3"
    assert done.stderr == f"warning: {warning}\n"


def test_a_failing_api_has_exit_code_1(trouble: LaidOutServer) -> None:
    trouble.lay_out("GET /status", error(500, "INTERNAL_ERROR", "internal error"))
    done = command(trouble.url, TOKEN)("status")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: internal error (INTERNAL_ERROR, request r-1)\n"
    assert command("http://127.0.0.1:9", "t")("backfill", "list", "mill").exit_code == 1


EXPORT = {
    "id": "x",
    "status": "running",
    "progress_percent": 50.0,
    "days_done": 1,
    "days_total": 2,
    "rows": 10,
    "bytes": 100,
    "cancel_requested": False,
    "error": "",
}


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1), ("cancelled", 3)])
def test_the_exit_code_shows_the_exports_status(trouble: LaidOutServer, status: str, code: int) -> None:
    ended = EXPORT | {"status": status, "error": "no disk" if status == "failed" else ""}
    trouble.lay_out("GET /exports/x", (200, EXPORT), (200, ended))
    progress, outcome = out(command(trouble.url, TOKEN)("export", "wait", "x"), code).splitlines()
    assert progress == "running, 1 of 2 days, 10 rows"
    assert outcome == f"{status}{': no disk' if status == 'failed' else ''}; 10 rows, 100 bytes"
    trouble.lay_out("GET /exports/x", (200, EXPORT), (200, ended))
    lines = out(command(trouble.url, TOKEN)("export", "wait", "x", "--json"), code).splitlines()
    assert [json.loads(line) for line in lines] == [EXPORT, ended]


@pytest.mark.parametrize("command_path", [("export", "wait"), ("export", "cancel"), ("backfill", "watch")])
@pytest.mark.parametrize("text", ["", ".", ".."])
def test_an_invalid_id_sends_no_request(command_path: tuple[str, str], text: str) -> None:
    done = command("http://127.0.0.1:9", "t")(*command_path, text)
    assert (done.exit_code, done.stdout) == (2, "")


def process(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("vitals")), *arguments],
        env={"VITALS_API": url, "VITALS_TOKEN": TOKEN, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("length", [1, 5_000])
def test_a_closed_pipe_is_silent(trouble: LaidOutServer, length: int) -> None:
    """As in `vitals backfill list mill --json | true`, with less and more output than a pipe buffers."""
    trouble.lay_out("GET /backfill?site_name=mill&limit=20", (200, {"backfills": ["x" * 100] * length}))
    with process(trouble.url, "backfill", "list", "mill", "--json") as reading:
        assert reading.stdout and reading.stderr
        reading.stdout.close()
        assert reading.stderr.read() == ""
        assert reading.wait(30) == 141


def test_a_failed_write_is_one_line(vitals: Vitals, trouble: LaidOutServer, tmp_path: Path) -> None:
    """For a full disk (/dev/full), a missing folder, and a folder in place of the file."""
    trouble.lay_out("GET /sites", (200, {"sites": []}))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("vitals")), "sites", "--json"],
            env={"VITALS_API": trouble.url, "VITALS_TOKEN": TOKEN, "PATH": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")
    query = ("query", SITE, POINT, *RANGE, "--format", "csv", "--output")
    failed = vitals(*query, str(tmp_path / "nowhere" / "a.csv"))
    assert (failed.exit_code, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.startswith("error: No such file or directory: ")
    assert vitals(*query, str(tmp_path)).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_a_pipe_is_written_to_and_not_replaced(vitals: Vitals, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link.csv"
    os.mkfifo(pipe)
    link.symlink_to("real.csv")
    query = ("query", SITE, POINT, *RANGE, "--format", "csv", "--output")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        out(vitals(*query, str(pipe)))
        read = os.read(reader, 1 << 20)
    finally:
        os.close(reader)
    out(vitals(*query, str(link)))
    assert pipe.is_fifo() and link.is_symlink()
    assert read == (tmp_path / "real.csv").read_bytes() != b""


def test_control_characters_are_escaped(trouble: LaidOutServer) -> None:
    """Names come from the upstream: none may clear the screen or look like two rows."""
    vitals = command(trouble.url, TOKEN)
    no_sample = {"timestamp": None, "value": None, "last_seen": NOON - 86_400_000}
    newest = {"point_name": "a\x1b[2J\nb", "unit": "°C\x9b31m"} | no_sample
    page = {"latest": [newest], "next_token": None, "warnings": ["no \x1b]0;x\x07"]}
    trouble.lay_out("GET /sites/mill/latest?limit=1000", (200, page))
    done = vitals("latest", "mill")
    [_, row] = out(done).splitlines()
    assert row.split() == [r"a\x1b[2J\nb", r"°C\x9b31m", "2025-12-31T12:00Z"]
    assert done.stderr == "warning: no \\x1b]0;x\\x07\n"
    trouble.lay_out("GET /sites/mill/latest?limit=1000", error(404, "NOT_FOUND", "no \x1b[2J"))
    assert vitals("latest", "mill").stderr == "error: no \\x1b[2J (NOT_FOUND)\n"


def test_an_argument_that_is_not_utf8_is_refused(vitals: Vitals) -> None:
    """A shell passes a name that is not UTF-8 like this."""
    done = vitals("points", "mill\udcff")
    assert (done.exit_code, done.stderr) == (2, "error: '\\udcff' cannot be encoded in utf-8\n")


def test_a_missing_command_says_how_to_install_it() -> None:
    bare = typer.Typer()
    plugins.add_to(bare, [])
    for name in ("token", "verify"):
        done = CliRunner().invoke(bare, [name, "--help"])
        assert done.exit_code == 2
        assert f"`vitals {name}` is not installed; run `make setup`" in done.stderr


def test_a_plugin_gets_every_argument() -> None:
    plugin_app = typer.Typer()
    value = f"{__name__}:other_command"
    plugins.add_to(plugin_app, [EntryPoint("other", value, plugins.GROUP)])
    done = CliRunner().invoke(plugin_app, ["other", "--help", "-x", "--", "a"])
    assert (done.exit_code, done.stdout) == (3, "['--help', '-x', '--', 'a']\n")


def other_command(arguments: list[str]) -> int:
    print(arguments)
    return 3


def test_the_repository_commands_are_installed() -> None:
    for name in ("token", "verify"):
        done = CliRunner().invoke(app, [name, "--help"])
        assert (done.exit_code, f"usage: vitals {name}" in done.stdout) == (0, True)


AT_MANY_IMPORTS = """
import os, signal, sys

# The jobs that a script starts in the background ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupting:
    armed, seen, ends = False, 0, []

    def find_spec(self, name, path=None, target=None):
        if not Interrupting.armed:
            # The first module of the client that does more than define its name.
            Interrupting.armed = name == "vitals_client.cli"
            return None
        self.seen += 1
        if self.seen > 9 and self.seen % 9:
            return None
        child = os.fork()
        if not child:
            Interrupting.armed = False
            os.kill(os.getpid(), {number})
            return None
        Interrupting.ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return None

    def write(self):
        if self.ends:
            open({file!r}, "w").write(repr(self.ends))

import atexit
sys.meta_path.insert(0, Interrupting())
atexit.register(sys.meta_path[0].write)
"""


@pytest.mark.parametrize(
    ("start", "number", "code"),
    [
        ([str(Path(sys.executable).with_name("vitals"))], signal.SIGINT, 130),
        (["-m", "vitals_client"], signal.SIGINT, 130),
        ([str(Path(sys.executable).with_name("vitals"))], signal.SIGTERM, -signal.SIGTERM),
    ],
)
def test_an_interrupt_during_imports_is_one_line(
    tmp_path: Path, start: list[str], number: signal.Signals, code: int
) -> None:
    """Interrupts a copy of the process at every ninth import; the command itself runs to its end."""
    report = tmp_path / "report"
    (tmp_path / "sitecustomize.py").write_text(AT_MANY_IMPORTS.format(number=int(number), file=str(report)))
    done = subprocess.run(
        [sys.executable, *start, "export", "wait", "."],
        env={"PATH": "", "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
    )
    ends = ast.literal_eval(report.read_text())
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(ends) > 40
    assert set(ends) == {code}
    assert lines[: ends.count(130)] == ["interrupted"] * ends.count(130)
    assert "'.' is not a valid ID" in "".join(lines[ends.count(130) :])
