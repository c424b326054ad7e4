"""Background processes, identified by pid and start time in a pid file."""

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
    """A background process: its command, the URL at which it answers, and the files it leaves."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    port: int
    ready_url: str
    home: Path

    @property
    def log(self) -> Path:
        """The file with its output."""
        return self.home / "log" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """The file with its pid, start time and command."""
        return self.home / f"{self.name}.pid"

    def running(self) -> bool:
        """Returns whether the process runs with this command and answers."""
        return (
            _find(self.pid_file) is not None
            and json.loads(self.pid_file.read_text())["command"] == list(self.command)
            and _answers(self.ready_url)
        )

    def start(self) -> None:
        """Starts the process and waits until it answers; OperatorError with its log when it does not."""
        stop(self.pid_file)
        if not port_is_free(self.port):
            raise OperatorError(
                f"port {self.port}, which {self.name} needs, is used by another program; "
                "choose other ports with VITALS_PORT, for example VITALS_PORT=14566 make up"
            )
        self.log.parent.mkdir(parents=True, exist_ok=True)
        process = _spawn(self.command, self.environ, self.log)
        started = psutil.Process(process.pid).create_time()
        record = {"pid": process.pid, "started": started, "command": list(self.command)}
        self.pid_file.write_text(json.dumps(record))

        def ready() -> bool:
            if process.poll() is not None:
                raise error_with_log(f"{self.name} ended with exit code {process.returncode}", self.log)
            return _answers(self.ready_url)

        if not wait_until(ready, _READY_SECONDS):
            raise error_with_log(f"{self.name} did not answer within {_READY_SECONDS} s", self.log)


def stop(pid_file: Path) -> bool:
    """Stops the process of a pid file with its children and removes the file; returns whether it ran."""
    process = _find(pid_file)
    if process is not None:
        _end([process, *process.children(recursive=True)])
    pid_file.unlink(missing_ok=True)
    return process is not None


def is_alive(pid_file: Path) -> bool:
    """Returns whether the process of a pid file runs."""
    return _find(pid_file) is not None


def port_is_free(port: int) -> bool:
    """Returns whether a server could listen on 127.0.0.1 at this port."""
    with socket.socket() as probe:
        # The servers set it too: connections of a stopped server in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.1) -> bool:
    """Checks the condition until it holds; returns False when it does not within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(interval)
    return False


def run_logged(
    command: Sequence[str], environ: dict[str, str], log: Path, seconds: int, on_wait: Callable[[], None]
) -> None:
    """Runs a command with its output in a log, and calls `on_wait` every ten seconds.

    OperatorError with the end of the log when the command fails or takes longer than `seconds`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = _spawn(command, environ, log)
    shown = f"`{' '.join(command[:3])} …`"
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.wait(timeout=10) == 0:
                    return
                raise error_with_log(f"{shown} failed", log)
            on_wait()
        raise error_with_log(f"{shown} took more than {seconds} s", log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=_STOP_SECONDS)


def _spawn(command: Sequence[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own, which Ctrl-C does not reach."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _find(pid_file: Path) -> psutil.Process | None:
    """Returns the process of a pid file; None when it has ended, even if another process has its pid now."""
    try:
        record = json.loads(pid_file.read_text())
        process = psutil.Process(record["pid"])
        is_same = abs(process.create_time() - record["started"]) < 1
        return process if is_same and not _ended(process) else None
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, KeyError):
        return None


def _end(processes: Sequence[psutil.Process]) -> None:
    """Terminates the first process, then kills whatever is still running."""
    with contextlib.suppress(psutil.NoSuchProcess):
        processes[0].terminate()
    wait_until(lambda: _ended(processes[0]), _STOP_SECONDS)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until(lambda: all(map(_ended, processes)), _STOP_SECONDS)


def _ended(process: psutil.Process) -> bool:
    """Returns whether a process has ended; a zombie, whose parent has not reaped it yet, has."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
