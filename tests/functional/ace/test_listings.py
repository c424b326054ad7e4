"""Points that come, go and slip between the pages of a listing: what is served of them is stored."""

import dataclasses
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archival.reconcile import ReconcilingArchiver
from local.ace_simulator import api as ace_api
from local.ace_simulator import requests as ace_requests
from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import TODAY, Backfill, backfill, days_ago, read_by_hours, whole
from tests.support.clock import Clock
from tests.support.kill import killed_at
from tests.support.sites import SITE
from tests.support.world import World
from vitals.ace import listing
from vitals.errors import UnfinishedDayError, UpstreamUnavailableError
from vitals.model import point_set
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, floor_window
from vitals.store.state.catalog import CatalogTable
from vitals.store.tiers import staging

__all__ = ["backfill"]

AS_REPORTED = pytest.mark.parametrize("points", [250])


@pytest.fixture
def points() -> int:
    """How many points the site has: three pages of them, here of ten."""
    return 25


@pytest.fixture
def simulator(points: int, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A site with a reading of each point every two hours."""
    if points < 100:
        monkeypatch.setattr(listing, "_PAGE_SIZES", (10, 9, 7))
    settings = SimulatorSettings(
        points=points, sites=(SITE,), interval_s=7_200, other_intervals=False, opened_days_ago=16
    )
    with Simulator(settings, clock=clock) as running:
        yield running


@dataclasses.dataclass
class Pages:
    """The listing's pages as they are answered; `hidden` are on none, `before` happens before each."""

    names: list[str]
    hidden: set[str] = dataclasses.field(default_factory=set)
    before: Callable[[int], None] = lambda page: None
    answered: int = 0

    @property
    def lost(self) -> str:
        """The first point of the second page: p100 of 250."""
        return self.names[100 if len(self.names) > 100 else 10]

    def answer(self, api: Any, request: ace_requests.Request) -> Any:
        self.before(int(request.query["page"]))
        self.answered += 1
        points = [point for point in api.points_of(request.names[0]) if point.point.name in self.names]
        listed = [point for point in points if point.point.name not in self.hidden]
        return ace_requests.listing(request.query, listed, api.describe_point, max_per_page=100)


@pytest.fixture
def pages(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Pages:
    result = Pages([point.name for point in simulator.settings.building(SITE, 0).points if point.configured])
    route = ("GET", "sites/{site}/configured_points")
    monkeypatch.setitem(ace_api.ROUTES, route, lambda api, request: result.answer(api, request))
    return result


def hide_after_first_page(pages: Pages, name: str) -> None:
    """The point is removed after page 1 was read, for good, so that each later run of pages is steady."""

    def before(page: int) -> None:
        if page == 2:
            pages.hidden.add(name)

    pages.before = before


def lose(pages: Pages, vanished: str, lost: str) -> None:
    """In each run of pages `vanished` leaves page 1 once it was read, and `lost` is on no page at all."""

    def before(page: int) -> None:
        pages.hidden = {lost} if page == 1 else {lost, vanished}

    pages.before = before


def hourly(world: World, times: int) -> None:
    for _ in range(times):
        world.clock.forward(61)
        world.sync()
        world.drain()


def active(world: World) -> set[str]:
    return {name for name in world.syncer.catalogs.load(SITE).active_ids if not name.startswith("weather.")}


def assert_all_stored(world: World, pages: Pages, hours: int) -> None:
    """Everything served of the hours before the last closed window is stored, and nothing else."""
    pages.before, pages.hidden = lambda page: None, set()
    end = floor_window(world.clock())
    span = Span(end - hours * HOUR_MS, end)
    series = world.simulator.site_series(SITE, span.start_ms, span.end_ms, world.clock())
    stored = world.stored(span)
    assert {name for name, _ in stored} == series.keys() & active(world)
    assert len(stored) >= 0.9 * sum(
        len(times) for name, (times, _) in series.items() if name in active(world)
    )


def test_a_new_site_lists_slipped_points_at_once(world: World, pages: Pages, points: int) -> None:
    hide_after_first_page(pages, pages.names[5])
    world.sync()
    assert active(world) == set(pages.names)
    assert_all_stored(world, pages, 2)


def test_an_unsteady_listing_deactivates_nothing_and_is_repeated(
    world: World, pages: Pages, points: int
) -> None:
    world.sync()
    lose(pages, pages.names[5], pages.lost)
    hourly(world, 1)
    assert "listing of points not steady" in world.journal.warnings
    for _ in range(3):
        before = pages.answered
        world.clock.forward(5)
        world.sync()
        assert pages.answered - before == sum(-(-len(pages.names) // size) for size in listing._PAGE_SIZES)
    assert active(world) == set(pages.names)
    assert_all_stored(world, pages, 2)


@AS_REPORTED
def test_backfills_during_unsteady_listings_read_every_point(
    backfill: Backfill, pages: Pages, points: int
) -> None:
    lose(pages, pages.names[5], pages.lost)
    hourly(backfill.world, 1)
    backfill.execute(days_ago(3), days_ago(3))
    pages.before, pages.hidden = lambda page: None, set()
    backfill.assert_exact(whole(3, 3))
    assert pages.lost in {name for name, _ in backfill.answers(whole(3, 3))}


def test_two_listings_without_a_point_deactivate_it(world: World, pages: Pages) -> None:
    world.sync()
    pages.hidden = {pages.lost}
    hourly(world, 1)
    assert active(world) == set(pages.names)
    hourly(world, 1)
    assert active(world) == set(pages.names) - pages.hidden


def test_a_returning_point_is_read_since_its_absence(world: World, pages: Pages) -> None:
    world.sync()
    pages.hidden = {pages.lost, pages.names[11]}
    hourly(world, 5)
    pages.hidden = set()
    hourly(world, 2)
    span = Span(floor_window(world.clock()) - 3 * HOUR_MS, floor_window(world.clock()))
    assert world.stored(span) == world.truth(span)


def test_unsteady_first_listings_are_read_back_to_start(world: World, pages: Pages) -> None:
    lose(pages, pages.names[5], pages.lost)
    world.sync()
    world.drain()
    assert active(world) == set(pages.names) - {pages.lost}
    record = world.syncer.sites.load(SITE)
    assert record is not None
    pages.before, pages.hidden = lambda page: None, set()
    hourly(world, 2)
    span = Span(record.first_ms or 0, floor_window(world.clock()))
    assert world.stored(span) == world.truth(span)


def test_points_listed_during_catch_up_are_read_back(world: World, pages: Pages) -> None:
    lose(pages, pages.names[5], pages.lost)
    world.sync(max_steps=1)
    world.sent.clear()
    pages.before, pages.hidden = lambda page: None, set()
    world.sync()
    world.drain()
    record = world.syncer.sites.load(SITE)
    assert record is not None
    span = Span(record.first_ms or 0, record.checkpoint_ms or 0)
    assert world.stored(span) == world.truth(span)


def test_the_shorter_of_two_first_listings_hides_nothing(
    world: World, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other syncs the whole of the first hours between this one's listing and its catalog."""
    real, begun = CatalogTable.refresh, []

    def refresh(*arguments: Any, **named: Any) -> Any:
        if not begun:
            begun.append(1)
            pages.hidden = {pages.lost}
            world.sync()
            world.sent.clear()
            pages.hidden = set()
        return real(*arguments, **named)

    monkeypatch.setattr(CatalogTable, "refresh", refresh)
    world.sync()
    hourly(world, 2)
    record = world.syncer.sites.load(SITE)
    assert record is not None
    span = Span(record.first_ms or 0, record.checkpoint_ms or 0)
    assert world.stored(span) == world.truth(span)


@pytest.mark.parametrize(
    ("method", "moment"),
    [("record_reread", "after"), ("refresh", "before"), ("refresh", "after"), ("record_catalog", "before")],
)
def test_syncs_killed_at_new_points_lose_nothing(
    world: World, pages: Pages, method: str, moment: str
) -> None:
    pages.hidden = {pages.names[7]}
    world.sync()
    hourly(world, 2)
    pages.hidden = set()
    world.clock.forward(61)
    owner: Any = CatalogTable if method == "refresh" else type(world.syncer.sites)
    with killed_at(owner, method, after=moment == "after"):
        world.sync()
    hourly(world, 2)
    span = Span(floor_window(world.clock()) - 3 * HOUR_MS, floor_window(world.clock()))
    assert world.stored(span) == world.truth(span)


@pytest.mark.parametrize("seed", range(2))
def test_points_that_change_between_pages_are_not_lost(world: World, pages: Pages, seed: int) -> None:
    chance = random.Random(seed)

    def before(page: int) -> None:
        if chance.random() < 0.4:
            pages.hidden = set(chance.sample(pages.names, chance.randrange(3)))

    pages.before = before
    world.sync()
    hourly(world, 3)
    pages.before, pages.hidden = lambda page: None, set()
    hourly(world, 3)
    assert active(world) == set(pages.names)
    record = world.syncer.sites.load(SITE)
    assert record is not None
    # Back to the listing before the last, or to the first time.
    span = Span(floor_window(world.clock()) - 3 * HOUR_MS, record.checkpoint_ms or 0)
    assert world.stored(span) == world.truth(span)


def test_a_site_with_shifting_listings_is_exact(world: World, points: int) -> None:
    world.simulator.faults = Faults(listing_shift=1)
    world.sync()
    hourly(world, 2)
    world.simulator.faults = Faults()
    end = floor_window(world.clock())
    assert len(active(world)) == points
    assert world.stored(Span(end - 3 * HOUR_MS, end)) == world.truth(Span(end - 3 * HOUR_MS, end))


def test_a_day_is_read_again_for_new_points(backfill: Backfill, pages: Pages) -> None:
    late = pages.lost
    pages.hidden = {late}
    hourly(backfill.world, 2)
    assert late not in active(backfill.world)
    backfill.execute(days_ago(3), days_ago(3), name="without")
    planned = backfill.execute(days_ago(4), days_ago(3), name="dry", dry_run=True).output
    assert (planned["days"], planned["days_complete"]) == ([days_ago(4)], 1)
    pages.hidden = set()
    hourly(backfill.world, 1)
    planned = backfill.execute(days_ago(3), days_ago(3), name="dry2", dry_run=True).output
    assert (planned["days"], planned["days_complete"]) == ([days_ago(3)], 0)
    backfill.world.clock.forward(60)
    again = backfill.execute(days_ago(3), days_ago(3), name="again")
    assert again.output["days"]["done"] == 1
    backfill.assert_exact(whole(3, 3))
    assert late in {name for name, _ in backfill.answers(whole(3, 3))}
    planned = backfill.execute(days_ago(3), days_ago(3), name="dry3", dry_run=True).output
    assert (planned["days"], planned["days_complete"]) == ([], 1)


def test_a_removed_point_makes_no_day_incomplete(backfill: Backfill, pages: Pages) -> None:
    backfill.execute(days_ago(3), days_ago(3), name="all")
    pages.hidden = {pages.names[7]}
    for _ in range(3):
        hourly(backfill.world, 1)
        planned = backfill.execute(
            days_ago(3), days_ago(3), name=f"dry{backfill.world.clock()}", dry_run=True
        )
        assert planned.output["days"] == []


def test_days_recorded_before_there_were_claims_are_complete(backfill: Backfill, pages: Pages) -> None:
    pages.hidden = {pages.lost}
    hourly(backfill.world, 2)
    backfill.execute(days_ago(3), days_ago(3), name="old")
    backfill.world.client.update_item(
        TableName="StateTable",
        Key={"pk": {"S": f"site#{SITE}"}, "sk": {"S": f"day#{days_ago(3)}"}},
        UpdateExpression="REMOVE k",
    )
    pages.hidden = set()
    hourly(backfill.world, 1)
    planned = backfill.execute(days_ago(3), days_ago(3), name="dry", dry_run=True).output
    assert planned["days"] == []


@pytest.mark.parametrize("older", [False, True])
def test_hours_staged_without_a_point_are_read_again(
    backfill: Backfill, pages: Pages, older: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first attempt reads ten hours; then a point is listed. Receipts of older versions name no points."""
    pages.hidden = {pages.lost}
    hourly(backfill.world, 2)
    budget = iter([600] * 10 + [0] + [600] * 100)
    backfill.worker = dataclasses.replace(backfill.worker, remaining_s=lambda: next(budget))
    day = days_ago(3)
    backfill.tasks.handle(
        {"task": "plan", "run": "run", "asked": {"site": SITE, "start_date": day, "end_date": day}}
    )
    with monkeypatch.context() as patch:
        read_by_hours(patch)
        if older:
            patch.setattr("backfill.stage_span.points_text", lambda points: "")
        with pytest.raises(UnfinishedDayError):
            backfill.worker.work("run", day)
    if not older:
        pages.hidden = set()
    hourly(backfill.world, 1)
    before = backfill.upstream_requests()
    backfill.worker.work("run", day)
    assert backfill.upstream_requests() - before == 1
    expected = backfill.worker.archiver.catalogs.load(SITE).configured
    claimed = backfill.worker.archiver.ledger.polled_days(SITE, whole(3, 3))[TODAY - 3 * DAY_MS]
    assert claimed == expected
    pages.hidden = {name for name in pages.names if name not in active(backfill.world)}
    backfill.assert_exact(whole(3, 3))


def test_a_restaged_span_killed_midway_is_not_whole(
    backfill: Backfill, pages: Pages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read_by_hours(monkeypatch)
    monkeypatch.setattr("vitals.pipeline.ingest.FLUSH_SAMPLES", 1)
    monkeypatch.setattr(backfill.worker.ingest.ace, "page_size", 10)
    pages.hidden = {pages.lost}
    hourly(backfill.world, 2)
    day = days_ago(3)
    backfill.tasks.handle(
        {"task": "plan", "run": "run", "asked": {"site": SITE, "start_date": day, "end_date": day}}
    )
    with killed_at(staging.StagingArea, "put_part", call=7):
        backfill.worker.work("run", day)
    pages.hidden = set()
    hourly(backfill.world, 1)
    first = Span(TODAY - 3 * DAY_MS, TODAY - 3 * DAY_MS + HOUR_MS)
    assert first in staged_spans(backfill, day, tmp_path)
    with killed_at(staging.StagingArea, "put_part", call=2):
        backfill.worker.work("run", day)
    assert first not in staged_spans(backfill, day, tmp_path)
    backfill.worker.work("run", day)
    backfill.assert_exact(whole(3, 3))


def staged_spans(backfill: Backfill, day: str, folder: Path) -> list[Span]:
    staged = backfill.worker.staging.spans("run", SiteDay.parse(SITE, day), folder)
    return [receipt.span for receipt in staged]


def test_a_receipt_of_a_newer_version_is_read() -> None:
    receipt = staging.StagedSpan(0, HOUR_MS, 5, 0, [0] * 12, 1)
    text = staging.orjson.dumps(dataclasses.asdict(receipt) | {"new": 1})
    assert staging._receipt(text) == receipt
    assert receipt.points == point_set.from_ids([])


def test_archiving_that_rereads_a_day_claims_its_points(backfill: Backfill, pages: Pages) -> None:
    """The live sync read the first half of today without a point, which the night's reading has."""
    late, world = pages.lost, backfill.world
    pages.hidden = {late}
    hourly(world, 2)
    world.clock.forward(4 * 60)
    world.sync()
    pages.hidden = set()
    world.clock.now_ms = TODAY + DAY_MS + 2 * HOUR_MS
    world.sync()
    world.sent.clear()
    worker = backfill.worker
    point = 1 << worker.archiver.catalogs.load(SITE).by_name[late].id
    morning = Span(TODAY, TODAY + 12 * HOUR_MS)
    worker.archiver.ledger.record(SITE, morning, {}, 0)
    before = worker.archiver.ledger.polled_days(SITE, whole(0))[TODAY]
    assert before is not None
    assert not before & point
    ReconcilingArchiver(worker.archiver, worker.ingest).archive(SiteDay(SITE, TODAY))
    claimed = worker.archiver.ledger.polled_days(SITE, whole(0))[TODAY]
    assert claimed is not None
    assert claimed & point
    backfill.assert_exact(whole(0))


def test_names_too_long_are_logged_and_counted(world: World, pages: Pages) -> None:
    long = "x" * 513

    def answer(api: Any, request: ace_requests.Request) -> Any:
        result = Pages.answer(pages, api, request)
        if int(request.query["page"]) == result["pages"]:
            result["items"] += [{"name": long, "id": -1}, {"name": "", "id": -2}, {"id": -3}, "half"]
        return result | {"total": result["total"] + 4}

    pages.answer = answer  # type: ignore[method-assign]
    logged: list[tuple[str, dict[str, Any]]] = []
    world.journal.warning = lambda message, **fields: logged.append((message, fields))  # type: ignore[method-assign]
    world.syncer.ingest.ace._warn = world.journal.warning  # type: ignore[attr-defined]
    world.simulator.put_samples(SITE, [(long, "1", world.clock() - 20 * 60_000)])
    receipt = world.sync()
    assert receipt.tally.rejected["name_too_long"] >= 1
    assert active(world) == set(pages.names)
    [names] = [fields for message, fields in logged if "too long names" in message]
    assert names["points"] == ["x" * 80 + "…"]
    [entries] = [fields for message, fields in logged if "without a name" in message]
    assert (entries["count"], entries["reason"].partition(" has")[0]) == (2, f"entry {len(pages.names) + 2}")
    [odd] = [fields for message, fields in logged if message == "malformed entries"]
    assert (odd["malformed"], odd["path"].partition("points ")[2]) == (1, "(page 3)")
    record = world.syncer.sites.load(SITE)
    assert record is not None
    assert record.catalog_ms is not None


def test_a_new_site_fails_on_malformed_listings_alone(world: World, pages: Pages) -> None:
    pages.answer = lambda api, request: {"items": [None], "pages": 1, "total": 1}  # type: ignore[method-assign]
    with pytest.raises(UpstreamUnavailableError, match="the upstream lists no points"):
        world.sync()
