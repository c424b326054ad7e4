"""A day of the release before, whose file has other row groups and whose footer was not copied (moto)."""

import pytest

from tests.support.archiving import DAY, WHOLE, Archive, archive, names_of, settle, simulator
from tests.support.sites import SITE
from vitals.aws.cost import Cost
from vitals.codec import day_file
from vitals.model.samples import Samples, from_columns
from vitals.model.site_day import SiteDay
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.footers import FooterTable

__all__ = ["archive", "simulator"]

SITE_DAY = SiteDay(SITE, DAY)


@pytest.fixture
def old(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An archived day as that release left it."""
    with monkeypatch.context() as before:
        before.setattr(day_file, "_ROW_GROUP_POINTS", 4)
        before.setattr(ColdTier, "copy_footer", lambda *_: None)
        settle(archive)
    return archive


def read(archive: Archive) -> Samples:
    """Returns the samples that a query reads from the file, in a function that was just started."""
    cold = archive.archiver.cold
    cold._footers.clear()
    cold.load_footers(SITE, [DAY], Cost())
    return cold.read(SITE_DAY, names_of(archive), WHOLE)


def row_groups(archive: Archive) -> int:
    return len(list(archive.archiver.cold.groups(SITE_DAY)))


def copies(archive: Archive) -> set[int]:
    """Returns the days whose footers are copied."""
    return set(FooterTable(archive.world.client, "StateTable").read(SITE, WHOLE, Cost()))


def test_its_file_is_read_as_it_is(old: Archive) -> None:
    assert row_groups(old) > 4 and not copies(old)
    old.assert_exact()
    read_hot = old.archiver.hot.read(SITE, ids_of(old), WHOLE, old.world.clock())
    assert len(read_hot) and read(old).values.tolist() == read_hot.values.tolist()


def test_a_late_sample_brings_the_new_layout(old: Archive) -> None:
    before = read(old)
    late = from_columns([ids_of(old)[0]], [DAY + 5], [2.5])
    old.archiver.hot.write(SITE, late, old.world.clock())
    old.archiver.ledger.mark_changed(SITE, [DAY], old.world.clock())
    old.archive(reconcile=False)
    assert row_groups(old) == 1 and copies(old) == {DAY}
    after = read(old)
    assert (after.times[after.times != DAY + 5] == before.times).all()
    assert after.values[(after.ids == 0) & (after.times == DAY + 5)].tolist() == [2.5]


def ids_of(archive: Archive) -> list[int]:
    catalog = archive.world.syncer.catalogs.load(SITE)
    return [catalog.by_name[name].id for name in names_of(archive)]
