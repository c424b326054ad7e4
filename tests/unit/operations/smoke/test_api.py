"""A chart and an export against the day's file, with a client that answers what a test sets."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from operations.smoke.api import ApiChecks
from operations.smoke.checks import Deadline, ProblemError
from operations.smoke.day_file import Archive, DayFile
from operations.smoke.target import Target
from tests.support.athena_archive import Clock
from tests.support.day_files import DAY, SITE, START
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS
from vitals_client.errors import FailedError, UnansweredError

ROWS = [("a", START, 1.0), ("a", START + HOUR_MS, 2.0), ("b", START + 5, -0.0)]


def table(rows: list[tuple[str, int, float]], times: str = "timestamp") -> pa.Table:
    names, instants, values = zip(*rows, strict=True)
    kind = pa.timestamp("ms", tz="UTC") if times == "timestamp" else pa.int64()
    return pa.table(
        {"point_name": pa.array(names), times: pa.array(instants, kind), "value": pa.array(values)}
    )


class Exports:
    """The exports of a client: `rows` in one file, or `failure` instead."""

    def __init__(self) -> None:
        self.rows, self.failure, self.cancelled = [ROWS[2], ROWS[0]], None, 0
        self.status = "completed"

    def create(self, *_: Any) -> dict[str, str]:
        return {"id": "e"}

    def wait(self, export: str, *, timeout_s: float) -> None:
        if self.failure:
            raise self.failure

    def download(self, export: str, folder: str) -> list[Path]:
        pq.write_table(table(self.rows), Path(folder) / "e.parquet")
        return [Path(folder) / "e.parquet"]

    def get(self, export: str) -> dict[str, str]:
        return {"status": self.status}

    def cancel(self, export: str) -> dict[str, str]:
        self.cancelled += 1
        self.status = "cancelled" if self.status == "running" else "removed"
        return {"status": self.status}


def checks(client: Any) -> ApiChecks:
    target = Target({}, "http://api", lambda service: None, is_local=True, option="")
    archive = Archive(target, SITE, START, DayFile(SiteDay.parse(SITE, DAY), table(ROWS, "time_ms")))
    clock = Clock()
    return ApiChecks(archive, lambda: nullcontext(client), Deadline(900, clock.monotonic, clock.sleep))


def test_a_chart_equals_the_file() -> None:
    client = SimpleNamespace(query=lambda *_, **__: table(ROWS[:2]))
    assert checks(client).chart() == "2 samples of a equal the file"


@pytest.mark.parametrize("rows", [ROWS, [ROWS[0], ("a", START + HOUR_MS, 2.5)]])
def test_a_chart_that_differs_is_a_problem(rows: list[tuple[str, int, float]]) -> None:
    client = SimpleNamespace(query=lambda *_, **__: table(rows))
    with pytest.raises(ProblemError, match=r"the chart of a has .* differ from the 2"):
        checks(client).chart()


@pytest.mark.parametrize("rows", [0, 1])
def test_a_chart_without_samples_names_the_restore(rows: int) -> None:
    client = SimpleNamespace(query=lambda *_, **__: table(ROWS)[:rows])
    with pytest.raises(ProblemError, match=rf"lacks {2 - rows} of the 2 samples .* `vitals restore days`"):
        checks(client).chart()


def test_an_export_equals_the_first_hour() -> None:
    exports = Exports()
    assert checks(SimpleNamespace(exports=exports)).export().startswith("2 samples from 2026-01-01T00:00")
    assert exports.status == "removed"


def test_an_export_with_other_values_is_removed() -> None:
    exports = Exports()
    exports.rows = [ROWS[0], ("b", START + 5, 0.0)]
    with pytest.raises(ProblemError, match="differ from"):
        checks(SimpleNamespace(exports=exports)).export()
    assert exports.status == "removed"


@pytest.mark.parametrize("failure", [FailedError("no space"), UnansweredError("no response")])
def test_a_failed_export_is_removed(failure: Exception) -> None:
    exports = Exports()
    exports.failure, exports.status = failure, "running"
    with pytest.raises((ProblemError, UnansweredError)):
        checks(SimpleNamespace(exports=exports)).export()
    assert exports.cancelled == 2
    assert exports.status == "removed"
