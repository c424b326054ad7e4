"""The local stack's settings, its processes and its tools."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.stack import lifecycle, processes, services, settings
from operations.errors import OperatorError


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def write_pid_file(folder: Path, process: subprocess.Popen[bytes], *, age: float = 0) -> Path:
    pid_file = folder / "emulator.pid"
    started = psutil.Process(process.pid).create_time() - age
    pid_file.write_text(json.dumps({"pid": process.pid, "started": started, "command": []}))
    return pid_file


def test_down_stops_its_own_process(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = write_pid_file(tmp_path, sleeper)
    lifecycle.down(tmp_path)
    assert sleeper.wait(timeout=5) != 0
    assert not pid_file.exists()


def test_down_ignores_another_process_with_the_pid(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = write_pid_file(tmp_path, sleeper, age=3600)
    lifecycle.down(tmp_path)
    time.sleep(0.2)
    assert sleeper.poll() is None
    assert not pid_file.exists()


def test_down_accepts_the_file_of_an_ended_process(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = write_pid_file(tmp_path, sleeper)
    sleeper.kill()
    sleeper.wait(timeout=5)
    assert not processes.stop(pid_file)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"VITALS_PORT": "eighty"}, "VITALS_PORT"),
        ({"VITALS_PORT": "80"}, "VITALS_PORT"),
        ({"VITALS_PORT": "65534"}, "VITALS_PORT"),
        ({"VITALS_SITES": "one, two"}, "VITALS_SITES"),
        ({"VITALS_SITES": "../up"}, "VITALS_SITES"),
        ({"VITALS_REPLAY": "no/such/folder"}, "VITALS_REPLAY"),
        ({"ACE_API_URL": "https://ace.example/api"}, "ACE_API_KEY"),
        ({"VITALS_BACKFILL_DAYS": "month"}, "VITALS_BACKFILL_DAYS"),
        ({"VITALS_BACKFILL_DAYS": "-1"}, "VITALS_BACKFILL_DAYS"),
        ({"VITALS_BACKFILL_DAYS": "731"}, "VITALS_BACKFILL_DAYS"),
    ],
)
def test_an_invalid_variable_is_named(environ: dict[str, str], name: str) -> None:
    with pytest.raises(OperatorError, match=f"^{name} (must be|is missing)"):
        settings.from_environ(environ)


def test_the_simulator_is_the_default_upstream() -> None:
    simulated = settings.from_environ({"VITALS_PORT": "5000", "VITALS_FAULTS": "5xx=0.1"})
    assert simulated.ace_api_url == "http://127.0.0.1:5001/api"
    assert simulated.simulator == ("--port", "5001", "--sites", "ses_falls_city", "--faults", "5xx=0.1")
    real = settings.from_environ({"ACE_API_URL": "https://ace.example/api/", "ACE_API_KEY": "key"})
    assert (real.ace_api_url, real.ace_api_key, real.simulator) == ("https://ace.example/api", "key", None)


def test_a_month_is_backfilled_from_the_simulator_only() -> None:
    real = {"ACE_API_URL": "https://ace.example/api", "ACE_API_KEY": "key"}
    environs = [{}, {"VITALS_BACKFILL_DAYS": "0"}, real, real | {"VITALS_BACKFILL_DAYS": "7"}]
    assert [settings.from_environ(environ).backfill_days for environ in environs] == [30, 0, 0, 7]


def test_a_missing_tool_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="apt-get install make"):
        services.check_tools()


def test_a_failed_start_shows_the_logs_end(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such option'); raise SystemExit(3)"]
    service = processes.Service("simulator", command, {}, 0, "http://127.0.0.1:9/", tmp_path)
    with pytest.raises(OperatorError, match=r"(?s)exit code 3.*no such option"):
        service.start()
