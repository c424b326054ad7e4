"""Settings of the local stack: a table of environment variables, read once by `make up`."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.errors import OperatorError
from operations.stack_file import ROOT, STACK_FILE, home

TOOLS = ROOT / ".venv-sam" / "bin"

# A backfill takes at most so many days.
_MAX_BACKFILL_DAYS = 730
_SITE_NAMES = re.compile(r"[A-Za-z0-9._-]{1,64}(,[A-Za-z0-9._-]{1,64})*")
_SIMULATOR_KEY = "simulator-key"


@dataclass(frozen=True, slots=True)
class Settings:
    """Ports, folders and upstream of one local stack."""

    home: Path
    port: int
    ace_api_url: str
    ace_api_key: str
    sites: tuple[str, ...]
    hot_days: str
    """The template checks it, as it does lookback_hours."""
    lookback_hours: str
    backfill_days: int
    """How many whole days before today `up` backfills."""
    simulator: tuple[str, ...] | None
    """The arguments of the simulator, None with another upstream."""
    origins: str = ""
    """Origins of web pages that may use the API, separated by commas."""

    @property
    def endpoint(self) -> str:
        """The URL of the emulated AWS."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_port(self) -> int:
        """The port of the simulated ACE API."""
        return simulator_port(self.port)

    @property
    def athena_port(self) -> int:
        """The port of the emulated Athena."""
        return self.port + 2

    @property
    def athena_endpoint(self) -> str:
        """The URL of the emulated Athena."""
        return f"http://127.0.0.1:{self.athena_port}"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.home / "log"

    @property
    def stack_file(self) -> Path:
        """The file that describes the running stack."""
        return self.home / STACK_FILE


def simulator_port(port: int) -> int:
    """Returns the simulator's port on a stack whose emulator has this one."""
    return port + 1


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1024 <= int(text) <= 65533:
        raise ValueError("must be a port from 1024 to 65533")
    return int(text)


def _url(text: str) -> str:
    return text.rstrip("/")


def _site_names(text: str) -> tuple[str, ...]:
    if text and not _SITE_NAMES.fullmatch(text):
        raise ValueError("must be site names separated by commas, without spaces")
    return tuple(filter(None, text.split(",")))


def _replay(text: str) -> Path | None:
    if text and not any(Path(text).glob("*.csv")):
        raise ValueError("must be a folder with at least one CSV file")
    return Path(text).resolve() if text else None


def _backfill_days(text: str) -> int | None:
    if text and (not (text.isascii() and text.isdigit()) or int(text) > _MAX_BACKFILL_DAYS):
        raise ValueError(f"must be a number of days from 0 to {_MAX_BACKFILL_DAYS}")
    return int(text) if text else None


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: `parse` takes its text, or raises ValueError; unset means `default`."""

    name: str
    parse: Callable[[str], Any] = str
    default: str = ""

    def read(self, environ: Mapping[str, str]) -> Any:
        """Returns the parsed value; OperatorError names the variable when it is invalid."""
        text = environ.get(self.name, "") or self.default
        try:
            return self.parse(text)
        except ValueError as error:
            raise OperatorError(f"{self.name} {error}, not {text!r}") from None


PORT = Variable("VITALS_PORT", _port, "4566")
ACE_API_URL = Variable("ACE_API_URL", _url)
ACE_API_KEY = Variable("ACE_API_KEY")
SITES = Variable("VITALS_SITES", _site_names)
REPLAY = Variable("VITALS_REPLAY", _replay)
HOT_DAYS = Variable("VITALS_HOT_DAYS", default="20")
LOOKBACK_HOURS = Variable("VITALS_LOOKBACK_HOURS", default="24")
BACKFILL_DAYS = Variable("VITALS_BACKFILL_DAYS", _backfill_days)
ORIGINS = Variable("VITALS_ORIGINS")
SIMULATOR_OPTIONS = {
    "--faults": Variable("VITALS_FAULTS"),
    "--points": Variable("VITALS_POINTS"),
    "--opened-days-ago": Variable("VITALS_OPENED_DAYS_AGO"),
}


def from_environ(environ: Mapping[str, str] = os.environ) -> Settings:
    """Returns the settings; OperatorError names the variable that is invalid."""
    port, replay, url = PORT.read(environ), REPLAY.read(environ), ACE_API_URL.read(environ)
    sites = SITES.read(environ) or (("sdh",) if replay else ("ses_falls_city",))
    key = ACE_API_KEY.read(environ) if url else _SIMULATOR_KEY
    if not key:
        raise OperatorError("ACE_API_KEY is missing; ACE_API_URL needs it")
    days = BACKFILL_DAYS.read(environ)
    if days is None:
        # Only the simulator is read for a month without being asked to.
        days = 0 if url else 30
    return Settings(
        home=home(environ),
        port=port,
        ace_api_url=url or f"http://127.0.0.1:{simulator_port(port)}/api",
        ace_api_key=key,
        sites=sites,
        hot_days=HOT_DAYS.read(environ),
        lookback_hours=LOOKBACK_HOURS.read(environ),
        backfill_days=days,
        simulator=None if url else _simulator_arguments(environ, port, sites, replay),
        origins=ORIGINS.read(environ),
    )


def _simulator_arguments(
    environ: Mapping[str, str], port: int, sites: tuple[str, ...], replay: Path | None
) -> tuple[str, ...]:
    arguments = ["--port", str(simulator_port(port)), "--sites", ",".join(sites)]
    if replay:
        arguments += ["--replay", str(replay)]
    for option, variable in SIMULATOR_OPTIONS.items():
        if text := variable.read(environ):
            arguments += [option, text]
    return tuple(arguments)
