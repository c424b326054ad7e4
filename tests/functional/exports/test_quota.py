"""The bytes that a site may export per UTC day, by the handler of the API."""

from typing import Any

import pytest

from exports.api import app as api_app
from exports.api.quota import size_text
from tests.support.exporting import FIRST, Stage, deployed, export_body, simulator, stage
from tests.support.sites import SITE
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store.state.export_quota import ExportQuota
from vitals.store.state.ledger import Ledger

__all__ = ["deployed", "simulator", "stage"]

SMALLEST = 1_000_000
"""The smallest ExportDailyBytes."""
CSV = export_body(format="csv")


@pytest.fixture
def limited(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The API with the smallest limit."""
    monkeypatch.setenv("EXPORT_DAILY_BYTES", str(SMALLEST))
    api_app.api.connect.cache_clear()
    return stage


def today(stage: Stage) -> SiteDay:
    return SiteDay.containing(SITE, stage.world.clock())


def reserved(stage: Stage) -> int:
    return ExportQuota(stage.world.client, "StateTable").reserved(today(stage))


def leave(stage: Stage, size: int) -> None:
    """Reserves all but these bytes."""
    quota = ExportQuota(stage.world.client, "StateTable")
    assert quota.reserve(today(stage), "others", SMALLEST - reserved(stage) - size, SMALLEST)


def enlarge(stage: Stage, rows: int, size: int) -> None:
    """Gives the first two days, which are settled, so many rows and bytes in the ledger."""
    ledger = Ledger(stage.world.client, "StateTable")
    for day_ms in (FIRST, FIRST + DAY_MS):
        ledger.update_archive(SiteDay(SITE, day_ms), rows=rows, bytes=size)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_export_reserves_about_its_bytes(stage: Stage, format: str) -> None:
    export = stage.start(format=format)
    size = reserved(stage)
    stage.drain()
    actual = stage.get(export)["bytes"]
    # Few rows: a tenth of them is weather, and Parquet is mostly footers.
    assert (0.85 if format == "csv" else 0.05) < size / actual < (1.3 if format == "csv" else 3)


def test_what_exceeds_the_remaining_day_waits(limited: Stage) -> None:
    limited.start(format="csv")
    size = reserved(limited)
    leave(limited, size - 1)
    status, answer = limited.call("POST", "/exports", body=CSV)
    assert (status, answer["error_code"]) == (429, "RATE_LIMITED")
    assert answer["error"] == (
        f"this export would have about {size_text(size)}, and {size_text(size - 1)} of the 1 MB that {SITE}"
        " may export today remain; try again after midnight UTC, or request less"
    )
    midnight_ms = today(limited).day_ms + DAY_MS
    wait_s = int(limited.headers["Retry-After"])
    assert 0 <= limited.world.clock() + wait_s * 1000 - midnight_ms < 1000
    assert limited.call("GET", "/exports", {"site_name": SITE})[1]["exports"][1:] == []
    limited.world.clock.now_ms += wait_s * 1000
    limited.start(format="csv")


def test_exactly_what_remains_is_taken(limited: Stage) -> None:
    limited.start(format="csv")
    leave(limited, reserved(limited))
    limited.start(format="csv")
    assert reserved(limited) == SMALLEST


def test_more_than_a_day_is_too_large(limited: Stage) -> None:
    enlarge(limited, rows=8_000, size=10_000)
    status, answer = limited.call("POST", "/exports", body=CSV)
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")
    assert "and a site may export 1 MB a day; request about 3 of its 4 days, or" in answer["error"]
    assert "the format parquet with about 5" in answer["error"]
    assert reserved(limited) == 0
    assert limited.receive() is None
    limited.start(format="parquet")


def test_a_day_too_large_takes_fewer_points(limited: Stage) -> None:
    enlarge(limited, rows=10**6, size=2 * 10**6)
    status, answer = limited.call("POST", "/exports", body=CSV)
    assert (status, answer["error_code"]) == (413, "TOO_LARGE")
    assert answer["error"].endswith("and a site may export 1 MB a day; request fewer points")


def test_two_requests_at_once_stay_below(limited: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one reserves while the first one has planned and not reserved yet."""
    limited.start(format="csv")
    leave(limited, round(1.5 * reserved(limited)))
    answers: list[int] = []
    real = ExportQuota.reserve

    def racing(*arguments: Any) -> bool:
        if not answers:
            answers.append(0)
            answers[0] = limited.call("POST", "/exports", body=CSV)[0]
        return real(*arguments)

    monkeypatch.setattr(ExportQuota, "reserve", racing)
    answers.append(limited.call("POST", "/exports", body=CSV)[0])
    assert answers == [202, 429]
    assert reserved(limited) <= SMALLEST


def test_a_cancelled_export_gives_nothing_back(limited: Stage) -> None:
    export = limited.start(format="csv")
    size = reserved(limited)
    assert limited.delete(export)[1]["status"] == "cancelled"
    assert limited.delete(export)[1]["status"] == "removed"
    assert reserved(limited) == size > 0


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (999_600, "1 MB"), (416_300_000_000, "416 GB"), (5e15, "5 PB")],
)
def test_sizes_are_readable(size: float, text: str) -> None:
    assert size_text(size) == text
