"""The client and the command on the deployed stack return what the upstream served."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from operations.oracle import Samples
from operations.verification.questions import Question
from operations.verification.store import Store
from tests.support.local_stack import HOME, ROOT, VITALS
from vitals.model.timespan import HOUR_MS, iso
from vitals_client import Client, tables

pytestmark = pytest.mark.integration


@pytest.fixture
def question(stack: dict[str, Any]) -> Question:
    """Every point, in 48 hours that end two hours ago and have more samples than one page."""
    store = Store(stack)
    [(site, (_, until_ms))] = store.synced().items()
    end_ms = until_ms // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    return Question(site, tuple(store.upstream().points(site)), end_ms - 48 * HOUR_MS, end_ms)


@pytest.fixture
def truth(stack: dict[str, Any], question: Question) -> Samples:
    """The store, because late readings may not have reached it yet; the upstream has a test of its own."""
    return Store(stack).ask(question)


def samples(table: pa.Table) -> Samples:
    names, times = table["point_name"].to_pylist(), table["timestamp"].cast(pa.int64()).to_pylist()
    values = dict(zip(zip(names, times, strict=True), table["value"].to_pylist(), strict=True))
    assert len(values) == table.num_rows
    return values


def vitals(*arguments: str) -> str:
    environ = {"VITALS_HOME": str(HOME), "PATH": os.defpath}
    done = subprocess.run(
        [VITALS, *arguments],
        cwd=ROOT / "docs",
        env=environ,
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_table_of_many_pages_equals_the_store(
    stack: dict[str, Any], question: Question, truth: Samples
) -> None:
    with Client(stack["api"], stack["token"]) as client:
        request = (question.site, question.names, question.start_ms, question.end_ms)
        table = client.query(*request, resolution="raw")
        pages = sum(1 for _ in client.query_pages(*request, resolution="raw"))
    assert pages > 1
    assert samples(table) == truth
    assert tables.envelope(table)["metadata"]["total_samples"] == len(truth) > 100_000


def test_the_command_exports_the_same(question: Question, truth: Samples, tmp_path: Path) -> None:
    span = ("--start", iso(question.start_ms), "--end", iso(question.end_ms))
    lines = vitals("export", "create", question.site, *span, "-o", str(tmp_path), "--json").splitlines()
    files = json.loads(lines[-1])["files"]
    assert {str(path) for path in tmp_path.iterdir()} == set(files)
    named = pa.concat_tables(pq.read_table(file, partitioning=None) for file in files)
    exported = {key: value for key, value in samples(named).items() if key[0] in question.names}
    assert exported == truth


def test_the_command_finds_the_stack_from_a_subfolder(question: Question) -> None:
    [site] = json.loads(vitals("sites", "--json"))["sites"]
    assert site["site_name"] == question.site
    points = json.loads(vitals("points", question.site, "--json"))["points"]
    assert {point["point_name"] for point in points} >= set(question.names)
