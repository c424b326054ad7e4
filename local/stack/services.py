"""The background processes of the local stack, and the tools they need."""

import os
import shutil
import sys

from local.stack.processes import Service
from local.stack.settings import TOOLS, Settings
from operations.errors import OperatorError
from operations.stack_file import ROOT

EMULATOR = "emulator"
# zoneinfo reads the pinned package, as in the functions.
_TZDATA = {"PYTHONTZPATH": ""}


def services(settings: Settings) -> list[Service]:
    """Returns the processes of a stack in the order in which they start."""
    processes = [_emulator(settings), _athena(settings)]
    if settings.simulator is not None:
        processes.append(_simulator(settings, settings.simulator))
    return processes


def _emulator(settings: Settings) -> Service:
    return Service(
        name=EMULATOR,
        command=[str(TOOLS / "python"), "-m", "local.aws_emulator"],
        environ=_emulator_environ(settings),
        port=settings.port,
        ready_url=f"{settings.endpoint}/_ministack/health",
        home=settings.home,
    )


def _athena(settings: Settings) -> Service:
    return Service(
        name="athena",
        command=[sys.executable, "-m", "local.athena", "--port", str(settings.athena_port)],
        environ=_athena_environ(settings),
        port=settings.athena_port,
        ready_url=f"{settings.athena_endpoint}/health",
        home=settings.home,
    )


def _simulator(settings: Settings, arguments: tuple[str, ...]) -> Service:
    return Service(
        name="simulator",
        command=[sys.executable, "-m", "local.ace_simulator", *arguments],
        environ=os.environ | _TZDATA,
        port=settings.simulator_port,
        ready_url=f"http://127.0.0.1:{settings.simulator_port}/control/health",
        home=settings.home,
    )


def _emulator_environ(settings: Settings) -> dict[str, str]:
    """Returns a minimal environment, because the functions inherit it."""
    return {
        "PATH": f"{TOOLS}:{os.defpath}",
        "HOME": str(settings.home),
        "TMPDIR": str(settings.home / "tmp"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_ATHENA": settings.athena_endpoint,
        # Step Functions wait a twentieth of the time before a retry.
        "SFN_WAIT_SCALE": "0.05",
        # These two listen on fixed ports, for services that this product does not use.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        **_TZDATA,
    }


def _athena_environ(settings: Settings) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(settings.home),
        "TMPDIR": str(settings.home / "tmp"),
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **_TZDATA,
    }


def check_tools() -> None:
    """Raises OperatorError with the first missing tool and how to install it."""
    if sys.version_info[:2] != (3, 13):
        raise OperatorError(
            "Python 3.13, the version of the Lambda runtime, is needed; install it, then run `make setup`"
        )
    if shutil.which("make") is None:
        raise OperatorError("make is needed to build the layer; install it with `apt-get install make`")
    for tool in (TOOLS / "sam", TOOLS / "python"):
        if not tool.exists():
            raise OperatorError(f"{tool.relative_to(ROOT)} is missing; run `make setup`")
