"""Which sites are enabled, paused or removed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import NotFoundError
from vitals.model.records.sites import RecordedStatus, SiteRecord
from vitals.model.site_status import check_enabled, enabled_sites, is_visible, site_status, site_statuses

NAMES = st.lists(st.sampled_from("abcdef"), unique=True)
RECORDS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([None, "enabled", "paused", "removed"]))


@pytest.mark.parametrize("recorded", ["enabled", "paused", "removed"])
@pytest.mark.parametrize("initial", [(), ("mill",)])
def test_a_recorded_status_wins(recorded: RecordedStatus, initial: tuple[str, ...]) -> None:
    assert site_status("mill", SiteRecord("mill", status=recorded), initial) == recorded


def test_the_initial_list_decides_otherwise() -> None:
    assert site_status("mill", None, ("mill",)) == "enabled"
    assert site_status("mill", SiteRecord("mill"), ("mill",)) == "enabled"
    assert site_status("mill", SiteRecord("mill"), ()) == "paused"
    assert site_status("mill", None, ("other",)) is None


def test_a_listed_site_is_hidden_until_listed() -> None:
    sent = SiteRecord("mill", status_ms=1)
    assert site_status("mill", sent, ("mill",)) == "enabled"
    assert site_status("mill", sent, ()) is None
    assert not is_visible(sent)
    for read in (replace(sent, points=3), replace(sent, catalog_ms=2), replace(sent, checkpoint_ms=3)):
        assert site_status("mill", read, ()) == "paused"
        assert is_visible(read)
    assert is_visible(SiteRecord("mill", status="enabled", status_ms=1))


@given(RECORDS, NAMES)
def test_every_site_has_a_status(recorded: dict[str, RecordedStatus | None], initial: list[str]) -> None:
    records = [SiteRecord(site, status=status) for site, status in recorded.items()]
    statuses = site_statuses(records, initial)
    assert list(statuses) == list(dict.fromkeys([*initial, *recorded]))
    for record in records:
        assert statuses[record.site] == site_status(record.site, record, initial)
        assert is_visible(record) == (statuses[record.site] != "removed")
    assert enabled_sites(records, initial) == [s for s, status in statuses.items() if status == "enabled"]


def test_only_an_enabled_site_passes() -> None:
    check_enabled("mill", "enabled")
    with pytest.raises(NotFoundError, match="there is no site 'mill'; add it with `vitals site add mill`"):
        check_enabled("mill", None)
    with pytest.raises(NotFoundError, match="site 'mill' is paused; add it"):
        check_enabled("mill", "paused")
    assert not is_visible(None)
