"""Starts and stops the whole product on one machine: `python -m local.stack up|run|down`."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.stack import settings
from local.stack.deploy import Deployment
from local.stack.history import backfill_history
from local.stack.logs import error_with_log
from local.stack.processes import Service, is_alive, stop
from local.stack.progress import Progress
from local.stack.services import EMULATOR, check_tools, services
from local.stack.settings import Settings
from operations import stack_file
from operations.errors import OperatorError
from vitals_client import Client
from vitals_client.cli.signals import interrupt_on_signals


def main() -> int:
    """Runs the command and returns the exit code; an OperatorError is shown without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument(
        "command", choices=["up", "run", "down"], help="start; start and stay until Ctrl-C; stop"
    )
    command = parser.parse_args().command
    interrupt_on_signals()
    try:
        if command == "down":
            down(stack_file.home())
        else:
            up(settings.from_environ(), stay=command == "run")
    except OperatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the processes that this command started are stopped", file=sys.stderr)
        return 130
    return 0


def up(settings: Settings, *, stay: bool) -> None:
    """Starts the stack, or updates the one that runs; with `stay`, keeps it until Ctrl-C.

    When it fails or is interrupted, it stops the processes that it started, and no other.
    """
    check_tools()
    progress = Progress()
    started: list[Service] = []
    try:
        with _lock(settings.home):
            start(settings, progress, started)
        if stay:
            print("press Ctrl-C to stop the stack", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                _watch(services(settings))
            _stop(settings, started)
    except BaseException:
        _stop(settings, started)
        raise


def _stop(settings: Settings, started: list[Service]) -> None:
    # A second Ctrl-C must not leave some of them running.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for service in reversed(started):
        if stop(service.pid_file):
            print(f"stopped {service.name}", flush=True)
        if service.name == EMULATOR:
            settings.stack_file.unlink(missing_ok=True)
            shutil.rmtree(settings.home / "tmp", ignore_errors=True)


def start(settings: Settings, progress: Progress, started: list[Service]) -> None:
    """Runs every step of `up`; adds to `started` what a failure must stop."""
    _start_services(settings, progress, started)
    is_fresh = any(service.name == EMULATOR for service in started)
    deployment = Deployment(settings, progress)
    outputs = deployment.deploy()
    deployment.set_ace_key(outputs)
    token = (None if is_fresh else _stored_token(settings)) or deployment.create_token(outputs)
    for site in settings.sites:
        deployment.sync_first(outputs, site)
    deployment.wait_for_health(outputs["ApiUrl"])
    stack = {
        "api": outputs["ApiUrl"],
        "token": token,
        "aws_endpoint": settings.endpoint,
        "athena_endpoint": settings.athena_endpoint,
        "region": deployment.region,
        "outputs": outputs,
    }
    _write_private(settings.stack_file, json.dumps(stack, indent=2) + "\n")
    _print_urls(settings, stack)
    with Client(outputs["ApiUrl"], token) as client:
        today = datetime.now(UTC).date()
        backfill_history(client.backfills, settings.sites, settings.backfill_days, today, progress)
    progress.say("the stack is running")


def _start_services(settings: Settings, progress: Progress, started: list[Service]) -> None:
    for service in services(settings):
        if service.running():
            progress.say(f"{service.name} is already running on port {service.port}")
            continue
        progress.say(f"start {service.name} on port {service.port}")
        if service.name == EMULATOR:
            shutil.rmtree(settings.home / "tmp", ignore_errors=True)
            (settings.home / "tmp").mkdir(parents=True)
        started.append(service)
        service.start()


def _watch(watched: list[Service]) -> None:
    """Returns when `make down` has stopped the services; OperatorError when one ends by itself."""
    while any(service.pid_file.exists() for service in watched):
        for service in watched:
            if service.pid_file.exists() and not is_alive(service.pid_file):
                time.sleep(1)  # `make down` stops a process first and then removes its file.
                if service.pid_file.exists():
                    raise error_with_log(f"{service.name} ended unexpectedly", service.log)
        time.sleep(1)


def down(home: Path) -> None:
    """Stops what `up` started; does nothing when nothing runs."""
    stopped = [pid_file.stem for pid_file in sorted(home.glob("*.pid")) if stop(pid_file)]
    (home / stack_file.STACK_FILE).unlink(missing_ok=True)
    shutil.rmtree(home / "tmp", ignore_errors=True)
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@contextlib.contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Holds the lock of a home, so that only one `up` at a time builds in it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"another `make up` or `make run` is starting in {home}; wait for it"
            ) from None
        yield


def _stored_token(settings: Settings) -> str | None:
    try:
        token: str = json.loads(settings.stack_file.read_text())["token"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return token


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as opened:
        opened.write(text)


def _print_urls(settings: Settings, stack: dict[str, Any]) -> None:
    upstream = f"{settings.ace_api_url}{' (simulated)' if settings.simulator else ''}"
    site = settings.sites[0]
    print(
        f"""
  page       {stack["api"]}/
  token      {stack["token"]}

  API        {stack["api"]}
  AWS        {stack["aws_endpoint"]}
  upstream   {upstream}
  details    {settings.stack_file}
  logs       {settings.logs}

  .venv/bin/vitals points {site}
  curl -H "Authorization: Bearer {stack["token"]}" \\
    "{stack["api"]}/sites/{site}/points?limit=3"
""",
        flush=True,
    )
