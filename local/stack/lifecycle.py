"""The whole product on one machine: `python -m local.stack up|run|down`."""

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
from local.stack.settings import TOOLS, Settings
from operations import stack_file
from operations.errors import OperatorError
from operations.stack_file import ROOT
from vitals_client import Client
from vitals_client.cli.signals import interrupt_on_signals

_NEEDED = {
    TOOLS / "sam": "the deployment tools are not installed; run `make setup`",
    TOOLS / "python": "the deployment tools are not installed; run `make setup`",
}


def main() -> int:
    """Does the command and returns the exit code; an OperatorError is shown without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("command", choices=["up", "run", "down"])
    command = parser.parse_args().command
    interrupt_on_signals()
    try:
        if command == "down":
            down(stack_file.home())
        else:
            up(settings.from_environ(), stay=command == "run")
    except OperatorError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what this command started is stopped", file=sys.stderr)
        return 130
    return 0


def up(settings: Settings, *, stay: bool) -> None:
    """Brings the stack up, or the one that runs up to date; with `stay`, keeps it until Ctrl-C.

    Whatever ends this early also stops the processes that it started, and no other.
    """
    check_tools()
    progress = Progress()
    started: list[Service] = []
    try:
        with _alone(settings.home):
            bring_up(settings, progress, started)
        if stay:
            print("Ctrl-C stops it", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                _watch(services(settings))
            _stop(settings, started)
    except BaseException:
        _stop(settings, started)
        raise


def _stop(settings: Settings, started: list[Service]) -> None:
    # A second Ctrl-C must not leave half of it running.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for service in reversed(started):
        if stop(service.pid_file):
            print(f"stopped the {service.name}", flush=True)
        if service.name == "emulator":
            settings.stack_file.unlink(missing_ok=True)
            shutil.rmtree(settings.home / "tmp", ignore_errors=True)


def bring_up(settings: Settings, progress: Progress, started: list[Service]) -> None:
    """Every step of `up`, noting in `started` what a failure must stop."""
    fresh = False
    for service in services(settings):
        if service.running():
            progress.say(f"{service.name} is up already on port {service.port}")
            continue
        progress.say(f"{service.name} on port {service.port}")
        if service.name == "emulator":
            fresh = True
            shutil.rmtree(settings.home / "tmp", ignore_errors=True)
            (settings.home / "tmp").mkdir(parents=True)
        started.append(service)
        service.start()
    deployment = Deployment(settings, progress)
    outputs = deployment.deploy()
    deployment.set_ace_key(outputs)
    token = (None if fresh else _known_token(settings)) or deployment.create_token(outputs)
    described = {
        "api": outputs["ApiUrl"],
        "token": token,
        "aws_endpoint": settings.endpoint,
        "athena_endpoint": settings.athena_endpoint,
        "region": deployment.region,
        "outputs": outputs,
    }
    for site in settings.sites:
        deployment.sync_first(outputs, site)
    deployment.wait_for_health(outputs["ApiUrl"])
    _write_private(settings.stack_file, json.dumps(described, indent=2) + "\n")
    _show(settings, described)
    with Client(outputs["ApiUrl"], token) as client:
        today = datetime.now(UTC).date()
        backfill_history(client.backfills, settings.sites, settings.backfill_days, today, progress)
    progress.say("up")


def _watch(watched: list[Service]) -> None:
    """Returns when `make down` has stopped the services; OperatorError when one ends by itself."""
    while any(service.pid_file.exists() for service in watched):
        for service in watched:
            if service.pid_file.exists() and not is_alive(service.pid_file):
                time.sleep(1)  # `make down` stops a process first and then removes its file.
                if service.pid_file.exists():
                    raise error_with_log(f"the {service.name} has ended", service.log)
        time.sleep(1)


def down(home: Path) -> None:
    """Stops what `up` started; fine when nothing runs."""
    stopped = [pid_file.stem for pid_file in sorted(home.glob("*.pid")) if stop(pid_file)]
    (home / "stack.json").unlink(missing_ok=True)
    shutil.rmtree(home / "tmp", ignore_errors=True)
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def services(settings: Settings) -> list[Service]:
    """The processes of this stack, in the order in which they start."""
    found = [
        Service(
            "emulator",
            [str(TOOLS / "python"), "-m", "local.aws_emulator"],
            _emulator_environ(settings),
            settings.port,
            f"{settings.endpoint}/_ministack/health",
            settings.home,
        ),
        Service(
            "athena",
            [sys.executable, "-m", "local.athena", "--port", str(settings.athena_port)],
            _athena_environ(settings),
            settings.athena_port,
            f"{settings.athena_endpoint}/health",
            settings.home,
        ),
    ]
    if settings.simulator:
        command = [sys.executable, "-m", "local.ace_simulator", *settings.simulator]
        health = f"http://127.0.0.1:{settings.simulator_port}/control/health"
        environ = dict(os.environ)
        found.append(Service("simulator", command, environ, settings.simulator_port, health, settings.home))
    return found


def check_tools() -> None:
    """OperatorError that names the first missing tool and how to get it."""
    if sys.version_info[:2] != (3, 13):
        raise OperatorError(
            "Python 3.13 is needed (the Lambda runtime's version): pyenv install 3.13, then `make setup`"
        )
    if shutil.which("make") is None:
        raise OperatorError("make is needed to build the layer: apt-get install make")
    for tool, advice in _NEEDED.items():
        if not tool.exists():
            raise OperatorError(f"{tool.relative_to(ROOT)} is missing: {advice}")


def _emulator_environ(settings: Settings) -> dict[str, str]:
    """Little more than nothing, because the functions inherit it."""
    return {
        "PATH": f"{TOOLS}:{os.defpath}",
        "HOME": str(settings.home),
        "TMPDIR": str(settings.home / "tmp"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_ATHENA": settings.athena_endpoint,
        # Of the minutes that Step Functions waits before a retry, a twentieth is enough here.
        "SFN_WAIT_SCALE": "0.05",
        # Two listeners on fixed ports for services that this product does not use.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _athena_environ(settings: Settings) -> dict[str, str]:
    """As little, and where the emulator is."""
    return {
        "PATH": os.defpath,
        "HOME": str(settings.home),
        "TMPDIR": str(settings.home / "tmp"),
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Holds the home's lock, so that two `up` at once do not build into one folder."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"another `make up` or `make run` is at work in {home}; wait for it"
            ) from None
        yield


def _known_token(settings: Settings) -> str | None:
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


def _show(settings: Settings, described: dict[str, Any]) -> None:
    upstream = f"{settings.ace_api_url} ({'simulated' if settings.simulator else 'given'})"
    site = settings.sites[0]
    print(
        f"""
  page       {described["api"]}/
  token      {described["token"]}

  API        {described["api"]}
  AWS        {described["aws_endpoint"]}
  upstream   {upstream}
  details    {settings.stack_file}, logs in {settings.logs}

  .venv/bin/vitals points {site}
  curl -H "Authorization: Bearer {described["token"]}" \\
    "{described["api"]}/sites/{site}/points?limit=3"
""",
        flush=True,
    )
