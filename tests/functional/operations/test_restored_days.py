"""A lost HotTable: archived days are answered from their files, and the others count as not polled."""

from typing import Any

import pytest

from operations.restored_days import ReopenedDays, reopen_days
from query.answers import Api
from tests.support.archiving import (
    DAY,
    GRANT,
    WHOLE,
    Archive,
    api,
    archive,
    expire,
    names_of,
    settle,
    simulator,
)
from tests.support.kill import Killer, Moment, at_steps
from tests.support.sites import SITE
from vitals.model.due_days import due_days
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.request import QueryRequest
from vitals.store.state.ledger import Ledger

__all__ = ["api", "archive", "simulator"]

RESOLUTIONS = ("raw", "5m", "1h", "1d")
NEXT_DAY = Span(DAY + DAY_MS, DAY + DAY_MS + 2 * HOUR_MS)


def series(archive: Archive, api: Api, resolution: str, span: Span = WHOLE) -> Any:
    request = QueryRequest(SITE, names_of(archive), span.start_ms, span.end_ms, resolution=resolution)
    answer = api.query(GRANT, request).answer
    assert answer is not None
    return answer["series"], answer["metadata"]["sources"]


def text(series: Any) -> str:
    """The rows of the series, to the bit.

    How much of the first bucket is known is left out: the sample before it is of another day, which is lost.
    """
    rows = [{key: list(value) for key, value in one.items() if key != "coverage"} for one in series]
    return repr([one | ({"known": one["known"][1:]} if "known" in one else {}) for one in rows])


def lose_hot_table(archive: Archive) -> None:
    """An empty table takes the place of the lost one."""
    client = archive.world.client
    for item in client.scan(TableName="HotTable")["Items"]:
        client.delete_item(TableName="HotTable", Key={"pk": item["pk"], "w": item["w"]})


def reopen(archive: Archive, client: Any = None) -> ReopenedDays:
    return reopen_days(Ledger(client or archive.world.client, "StateTable"), SITE, archive.world.clock())


@pytest.mark.parametrize("hot", [True, False], ids=["within the hot days", "after the hot days"])
def test_answers_are_those_before_the_loss(archive: Archive, api: Api, hot: bool) -> None:
    settle(archive)
    if not hot:
        archive.world.clock.forward(30 * 24 * 60)
        expire(archive)
    before = {resolution: text(series(archive, api, resolution)[0]) for resolution in RESOLUTIONS}
    lose_hot_table(archive)
    assert reopen(archive).archived == 1
    for resolution in RESOLUTIONS:
        after, sources = series(archive, api, resolution)
        assert "archive" in sources
        assert text(after) == before[resolution]


def test_archiving_again_restores_the_rollups(archive: Archive, api: Api) -> None:
    settle(archive)
    before, _ = series(archive, api, "1h")
    lose_hot_table(archive)
    archive.world.clock.forward(1)
    reopen(archive)
    records = archive.archiver.ledger.archive_records(SITE, WHOLE)
    assert due_days(WHOLE, records) == [DAY]
    archive.world.clock.forward(1)
    archive.archive(reconcile=False)
    after, sources = series(archive, api, "1h")
    assert sources == ["rollup"]
    assert text(after) == text(before)


def test_a_lost_day_counts_as_not_polled(archive: Archive, api: Api) -> None:
    settle(archive)
    assert any(point["values"].size for point in series(archive, api, "raw", NEXT_DAY)[0])
    lose_hot_table(archive)
    assert NEXT_DAY.start_ms in reopen(archive).lost
    assert not archive.archiver.ledger.coverage(SITE, NEXT_DAY).polled.any()
    # The hourly re-read takes the windows that were not polled.
    archive.world.clock.forward(61)
    archive.world.sync()
    archive.world.drain()
    assert archive.world.stored(NEXT_DAY) == archive.world.truth(NEXT_DAY)


@at_steps(range(3))
def test_killed_at_any_step_a_repeat_completes_it(archive: Archive, api: Api, moment: Moment) -> None:
    settle(archive)
    before, _ = series(archive, api, "1h")
    lose_hot_table(archive)
    killer = Killer(moment)
    try:
        reopen(archive, killer.client(archive.world.client))
    except BaseException:
        assert killer.killed
    assert killer.killed
    reopen(archive)
    reopen(archive)
    assert text(series(archive, api, "1h")[0]) == text(before)
