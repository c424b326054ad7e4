"""Background processes that are ours: started, found again, and stopped by pid and start time."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from local.stack.logs import error_with_log
from operations.errors import OperatorError
from operations.stack_file import ROOT

_STOP_SECONDS = 10
_READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Service:
    """A background process: how it starts, where it answers, and the files it leaves."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    port: int
    ready_url: str
    home: Path

    @property
    def log(self) -> Path:
        return self.home / "log" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.home / f"{self.name}.pid"

    def running(self) -> bool:
        """Whether it runs as this command would start it now, and answers."""
        return (
            _find(self.pid_file) is not None
            and json.loads(self.pid_file.read_text())["command"] == list(self.command)
            and _answers(self.ready_url)
        )

    def start(self) -> None:
        """Starts the process and waits until it answers; OperatorError with its log otherwise."""
        stop(self.pid_file)
        if not port_is_free(self.port):
            raise OperatorError(
                f"port {self.port}, for the {self.name}, is taken by another program; "
                "choose other ports with VITALS_PORT=<port>, for example VITALS_PORT=14566 make up"
            )
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(process.pid).create_time()
        record = {"pid": process.pid, "started": started, "command": list(self.command)}
        self.pid_file.write_text(json.dumps(record))

        def ready() -> bool:
            if process.poll() is not None:
                raise error_with_log(f"the {self.name} ended with exit code {process.returncode}", self.log)
            return _answers(self.ready_url)

        if not wait_until(ready, _READY_SECONDS):
            raise error_with_log(f"the {self.name} did not answer within {_READY_SECONDS} s", self.log)


def stop(pid_file: Path) -> bool:
    """Stops the process of this file and its children, when it is still the one; says whether it was."""
    process = _find(pid_file)
    if process is not None:
        family = [process, *process.children(recursive=True)]
        _end(family)
    pid_file.unlink(missing_ok=True)
    return process is not None


def is_alive(pid_file: Path) -> bool:
    return _find(pid_file) is not None


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers themselves do: connections of a stopped one, lingering in TIME_WAIT, do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.1) -> bool:
    """Asks until the condition holds; False when it does not within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(interval)
    return False


def run_logged(
    command: Sequence[str], environ: dict[str, str], log: Path, seconds: int, on_wait: Callable[[], None]
) -> None:
    """Runs a command to its end with its output in a log; OperatorError with the log's end when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.wait(timeout=10) == 0:
                    return
                raise error_with_log(f"`{' '.join(command[:3])} …` failed", log)
            on_wait()
        raise error_with_log(f"`{' '.join(command[:3])} …` took more than {seconds} s", log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=_STOP_SECONDS)


def _find(pid_file: Path) -> psutil.Process | None:
    """The process of the file; None when it has ended, even if its pid belongs to another one by now."""
    try:
        record = json.loads(pid_file.read_text())
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started"]) < 1
        return process if same and not _ended(process) else None
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, KeyError):
        return None


def _end(family: Sequence[psutil.Process]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        family[0].terminate()
    wait_until(lambda: _ended(family[0]), _STOP_SECONDS)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until(lambda: all(map(_ended, family)), _STOP_SECONDS)


def _ended(process: psutil.Process) -> bool:
    """Also when its parent, perhaps a `make run` elsewhere, has not asked for its exit code yet."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
