"""A new catalog gets the points of day files, before or after its first listing, and safe to kill."""

from typing import Any

import pytest

from operations.restored_catalog import RestoredCatalog, restore_catalog
from tests.support.archives import Archives
from tests.support.archiving import Archive, archive, names_of, settle, simulator
from tests.support.day_files import START, Series, build
from tests.support.kill import Killed, Killer, Moment, at_steps
from tests.support.lost_state import lose_tables, without
from tests.support.sites import SITE
from vitals.errors import UpstreamUnavailableError
from vitals.model.points import Point
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name, floor_window
from vitals.store.state.catalog import CatalogTable

__all__ = ["archive", "simulator"]

# Their points are two chunks of a catalog.
FIRST: Series = {f"p{i:03d}": {START: 1.0} for i in range(300)}
SECOND: Series = {name: {START + DAY_MS: 1.0} for name in ("p000", "renamed")}
LISTED = ("p007", "p200", "zone")


@pytest.fixture
def archives(aws: None) -> Archives:
    """The files of two days, and a catalog with two of their points."""
    archives = Archives()
    for series, day in ((FIRST, day_name(START)), (SECOND, day_name(START + DAY_MS))):
        archives.put(SITE, day, build(series, day=day)[0])
    archives.configure(SITE, LISTED)
    return archives


def restore(archives: Archives, client: Any = None) -> RestoredCatalog:
    catalogs = CatalogTable(client or archives.dynamodb, "StateTable")
    return restore_catalog(archives.cold, catalogs, SITE, START + 30 * DAY_MS)


def points(archives: Archives) -> tuple[Point, ...]:
    return archives.catalogs.load(SITE).points


def test_points_of_every_file_are_added(archives: Archives) -> None:
    before, new = points(archives), {*FIRST, *SECOND} - {*LISTED}
    result = restore(archives)
    assert (result.files, set(result.added), result.unreadable) == (2, new, ())
    assert points(archives)[: len(before)] == before
    added = points(archives)[len(before) :]
    assert {point.name for point in added} == new
    assert not any(point.active or point.unread_from_ms for point in added)
    assert [point.id for point in points(archives)] == list(range(len(new) + len(before)))


def test_a_repeat_changes_nothing(archives: Archives) -> None:
    restore(archives)
    before = points(archives)
    assert restore(archives).added == ()
    assert points(archives) == before


@at_steps(range(2))
def test_killed_at_any_step_a_repeat_completes_it(archives: Archives, moment: Moment) -> None:
    listed, killer = points(archives), Killer(moment)
    with pytest.raises(Killed):
        restore(archives, killer.client(archives.dynamodb))
    stored = points(archives)
    restore(archives)
    assert points(archives)[: len(stored)] == stored
    assert stored[: len(listed)] == listed
    assert {point.name for point in points(archives)} == {*FIRST, *SECOND, *LISTED}


def test_a_damaged_file_does_not_stop_the_others(archives: Archives) -> None:
    archives.put(SITE, day_name(START), b"no file")
    result = restore(archives)
    assert result.added == ("p000", "renamed")
    assert [day_name(START) in problem for problem in result.unreadable] == [True]


def test_files_of_other_sites_are_not_read(archives: Archives) -> None:
    assert restore_catalog(archives.cold, archives.catalogs, "mill", START).added == ()
    assert archives.catalogs.load("mill").points == ()


def restore_site(archive: Archive) -> RestoredCatalog:
    return restore_catalog(archive.archiver.cold, archive.archiver.catalogs, SITE, archive.world.clock())


def lose_month(archive: Archive) -> int:
    """Empties both tables a month after the day was archived; returns when the first sync begins to read."""
    settle(archive)
    archive.world.clock.forward(30 * 24 * 60)
    lose_tables(archive)
    return floor_window(archive.world.clock() - 14 * HOUR_MS)


@pytest.mark.parametrize("first", ["files", "listing"])
def test_files_and_listing_come_in_any_order(archive: Archive, first: str) -> None:
    name, start_ms = names_of(archive)[0], lose_month(archive)
    world = without(archive, {name})
    if first == "files":
        restore_site(archive)
    world.sync()
    restore_site(archive)
    for _ in range(3):
        world.clock.forward(61)
        world.sync()
        world.drain()
    catalog = archive.archiver.catalogs.load(SITE)
    inactive = {point.name for point in catalog.points if not point.active}
    assert (inactive, catalog.unread_from_ms) == ({name}, None)
    span = Span(start_ms, floor_window(world.clock()))
    assert world.stored(span) == world.truth(span)
    archive.archive()
    archive.assert_exact()


def test_a_point_that_returns_is_read(archive: Archive) -> None:
    name, start_ms = names_of(archive)[0], lose_month(archive)
    without(archive, {name}).sync()
    restore_site(archive)
    world = archive.world
    for _ in range(3):
        world.clock.forward(61)
        world.sync()
        world.drain()
    span = Span(start_ms, floor_window(world.clock()))
    assert any(key[0] == name for key in world.truth(span))
    assert world.stored(span) == world.truth(span)
    assert archive.archiver.catalogs.load(SITE).unread_from_ms is None


def test_without_a_listing_no_step_is_read(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_month(archive)
    restore_site(archive)
    world = archive.world

    def fail(self: Any, site: str) -> None:
        raise UpstreamUnavailableError("no points today")

    monkeypatch.setattr(type(world.syncer.ingest.ace), "configured_points", fail)
    with pytest.raises(UpstreamUnavailableError, match="no points today"):
        world.sync()
    record = world.syncer.sites.load(SITE)
    assert record is not None
    assert record.checkpoint_ms is None
