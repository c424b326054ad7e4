"""One local stack for the whole run, beside the one that a developer may have up."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.stack.processes import port_is_free
from tests.support.browser import Visits
from tools import chromium

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / ".local" / "test"
VITALS = str(Path(sys.executable).with_name("vitals"))
# Other ports let two checkouts be tested at once.
PORT = int(os.environ.get("VITALS_TEST_PORT", "4766"))
REPLAY = ROOT.parent / "shared" / "data" / "sdh"
# Before that no test asks for readings but those of backfills.
OPENED_DAYS_AGO = 43
PICTURES = HOME / "screenshots"
FAILED = pytest.StashKey[bool]()
FAULTS = (
    "5xx=0.02,429=0.02,truncate=0.02,duplicate=0.05,shuffle=0.5,empty=0.05,late=0.05,late_minutes=10,"
    "nan=0.05,bad_text=0.05"
)


def local_stack(command: str, *, seconds: int, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of local.stack on the test stack's ports and folder."""
    ours = {"VITALS_HOME": str(HOME), "VITALS_PORT": str(PORT), "VITALS_FAULTS": FAULTS}
    # Four days, of which all but the last two are cold once they are archived.
    ours |= {"VITALS_HOT_DAYS": "1", "VITALS_LOOKBACK_HOURS": "96", "VITALS_BACKFILL_DAYS": "0"}
    ours["VITALS_OPENED_DAYS_AGO"] = str(OPENED_DAYS_AGO)
    ours["VITALS_ORIGINS"] = "https://charts.example.com,http://localhost:3000"
    if REPLAY.is_dir():
        ours["VITALS_REPLAY"] = str(REPLAY)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("VITALS_", "ACE_", "AWS_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "local.stack", command],
        cwd=ROOT,
        env=inherited | ours | environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        check=False,
    )


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """.local/stack.json of a stack that is up."""
    try:
        done = local_stack("up", seconds=900)
        assert done.returncode == 0, done.stdout
        yield json.loads((HOME / "stack.json").read_text())
    finally:
        done = local_stack("down", seconds=60)
    assert done.returncode == 0, done.stdout
    assert port_is_free(PORT)
    assert port_is_free(PORT + 1)
    assert port_is_free(PORT + 2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium; where there is none, the tests that need it are skipped, or fail as CI asks them to."""
    program = chromium.find()
    if program is None:
        message = "not run: no Chromium on the PATH, and VITALS_CHROMIUM names none"
        if os.environ.get("VITALS_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    # What is there after a run is of that run.
    if PICTURES.exists():
        shutil.rmtree(PICTURES)
    with chromium.launched(program) as launched:
        yield launched


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def visits(browser: Browser, stack: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Opens the page; the test fails when something goes wrong in the browser that it does not allow."""
    visits = Visits(browser, stack["api"], stack["token"], PICTURES)
    yield visits
    if request.node.stash.get(FAILED, False):
        visits.pictures("failed-" + re.sub(r"\W+", "-", request.node.name).strip("-"))
    wrong = visits.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def page(visits: Visits) -> Page:
    """The page, signed in, as it opens."""
    return visits.open()
