"""What the local stack is asked to be: the environment of `make up`, read once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.errors import OperatorError
from operations.stack_file import ROOT, STACK_FILE, home

TOOLS = ROOT / ".venv-sam" / "bin"

# The most days that one backfill takes.
_MOST_BACKFILL_DAYS = 730
_SIMULATOR_OPTIONS = {
    "VITALS_FAULTS": "--faults",
    "VITALS_POINTS": "--points",
    "VITALS_OPENED_DAYS_AGO": "--opened-days-ago",
}
_SITES = re.compile(r"[A-Za-z0-9._-]{1,64}(,[A-Za-z0-9._-]{1,64})*")


@dataclass(frozen=True, slots=True)
class Settings:
    """Ports, places and upstream of one local stack."""

    home: Path
    port: int
    ace_api_url: str
    ace_api_key: str
    sites: tuple[str, ...]
    hot_days: str
    lookback_hours: str
    """Both are checked by the template's parameters of these names."""
    backfill_days: int
    """How many whole days before today are read when the stack comes up."""
    simulator: tuple[str, ...] | None
    """The simulator's arguments, None when another upstream is given."""
    origins: str = ""
    """Whose pages may use the API, as the template's parameter takes it."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_port(self) -> int:
        return self.port + 1

    @property
    def athena_port(self) -> int:
        return self.port + 2

    @property
    def athena_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.athena_port}"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def stack_file(self) -> Path:
        return self.home / STACK_FILE


def from_environ(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings; OperatorError names the variable that makes no sense."""
    port = _port(environ.get("VITALS_PORT", "4566"))
    replay, url = environ.get("VITALS_REPLAY", ""), environ.get("ACE_API_URL", "").rstrip("/")
    sites = environ.get("VITALS_SITES", "") or ("sdh" if replay else "ses_falls_city")
    if not _SITES.fullmatch(sites):
        raise OperatorError(
            f"VITALS_SITES={sites!r} is not a list of site names, separated by commas without spaces"
        )
    hot_days, lookback = environ.get("VITALS_HOT_DAYS", "20"), environ.get("VITALS_LOOKBACK_HOURS", "24")
    if url:
        key = environ.get("ACE_API_KEY", "")
        if not key:
            raise OperatorError("ACE_API_URL is given, so ACE_API_KEY is needed too")
        return Settings(
            home(environ),
            port,
            url,
            key,
            tuple(sites.split(",")),
            hot_days,
            lookback,
            # Nobody's API is read for a month unasked.
            _backfill_days(environ, default="0"),
            None,
            environ.get("VITALS_ORIGINS", ""),
        )
    arguments = ["--port", str(port + 1), "--sites", sites]
    if replay:
        folder = Path(replay).resolve()
        if not any(folder.glob("*.csv")):
            raise OperatorError(f"VITALS_REPLAY={replay} holds no CSV file")
        arguments += ["--replay", str(folder)]
    for variable, option in _SIMULATOR_OPTIONS.items():
        if environ.get(variable):
            arguments += [option, environ[variable]]
    simulated = f"http://127.0.0.1:{port + 1}/api"
    return Settings(
        home(environ),
        port,
        simulated,
        "simulator-key",
        tuple(sites.split(",")),
        hot_days,
        lookback,
        _backfill_days(environ, default="30"),
        tuple(arguments),
        environ.get("VITALS_ORIGINS", ""),
    )


def _port(text: str) -> int:
    if not text.isdigit() or not 1024 <= int(text) <= 65533:
        raise OperatorError(f"VITALS_PORT={text!r} is not a port from 1024 to 65533")
    return int(text)


def _backfill_days(environ: Mapping[str, str], default: str) -> int:
    text = environ.get("VITALS_BACKFILL_DAYS", "") or default
    if not (text.isascii() and text.isdigit()) or int(text) > _MOST_BACKFILL_DAYS:
        raise OperatorError(f"VITALS_BACKFILL_DAYS must be a number from 0 to {_MOST_BACKFILL_DAYS}")
    return int(text)
