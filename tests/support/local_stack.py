"""The local stack of the integration tests: its folder, its ports and its commands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.stack.processes import port_is_free

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / ".local" / "test"
VITALS = str(Path(sys.executable).with_name("vitals"))
# Other ports let two checkouts be tested at once.
PORT = int(os.environ.get("VITALS_TEST_PORT", "4766"))
REPLAY = ROOT.parent / "shared" / "data" / "sdh"
# Before that no test asks for readings but those of backfills.
OPENED_DAYS_AGO = 43
PICTURES = HOME / "screenshots"
FAULTS = (
    "5xx=0.02,429=0.02,truncate=0.02,duplicate=0.05,shuffle=0.5,empty=0.05,late=0.05,late_minutes=10,"
    "nan=0.05,bad_text=0.05"
)


def stack_environ() -> dict[str, str]:
    """Returns the variables that make a local stack the test stack."""
    ours = {"VITALS_HOME": str(HOME), "VITALS_PORT": str(PORT), "VITALS_FAULTS": FAULTS}
    # Four days, of which all but the last two are cold once they are archived.
    ours |= {"VITALS_HOT_DAYS": "1", "VITALS_LOOKBACK_HOURS": "96", "VITALS_BACKFILL_DAYS": "0"}
    ours["VITALS_OPENED_DAYS_AGO"] = str(OPENED_DAYS_AGO)
    ours["VITALS_ORIGINS"] = "https://charts.example.com,http://localhost:3000"
    if REPLAY.is_dir():
        ours["VITALS_REPLAY"] = str(REPLAY)
    return ours


def local_stack(command: str, *, seconds: int, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of local.stack on the test stack's ports and folder."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("VITALS_", "ACE_", "AWS_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "local.stack", command],
        cwd=ROOT,
        env=inherited | stack_environ() | environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        check=False,
    )


@contextmanager
def running_stack(**environ: str) -> Iterator[dict[str, Any]]:
    """Yields .local/stack.json of a test stack that is up, and stops the stack."""
    try:
        done = local_stack("up", seconds=900, **environ)
        assert done.returncode == 0, done.stdout
        yield json.loads((HOME / "stack.json").read_text())
    finally:
        done = local_stack("down", seconds=60)
    assert done.returncode == 0, done.stdout
    assert port_is_free(PORT)
    assert port_is_free(PORT + 1)
    assert port_is_free(PORT + 2)
