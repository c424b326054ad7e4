"""Which sites are enabled, paused or removed: by their records, and by the initial list of the stack.

| status  | synced | archived | listed and queried |
|---------|--------|----------|--------------------|
| enabled | yes    | yes      | yes                |
| paused  | no     | yes      | yes                |
| removed | no     | no       | no                 |
"""

from collections.abc import Collection, Iterable

from vitals.errors import NotFoundError
from vitals.model.records.sites import ENABLED, PAUSED, REMOVED, RecordedStatus, SiteRecord


def site_status(site: str, record: SiteRecord | None, initial: Collection[str]) -> RecordedStatus | None:
    """Returns the status of a site; None for one that is neither recorded nor in the initial list.

    A record without a status is of a site in the initial list, or of one that was removed from it. The latter
    is paused if it was synced.
    """
    if record and record.status:
        return record.status
    if site in initial:
        return ENABLED
    return PAUSED if record and not record.is_placeholder else None


def site_statuses(records: Iterable[SiteRecord], initial: Iterable[str]) -> dict[str, RecordedStatus]:
    """Returns the status of each site: first those of the initial list, then the others as recorded."""
    by_site = {record.site: record for record in records}
    initial = list(initial)
    statuses = {site: site_status(site, by_site.get(site), initial) for site in [*initial, *by_site]}
    return {site: status for site, status in statuses.items() if status}


def enabled_sites(records: Iterable[SiteRecord], initial: Iterable[str]) -> list[str]:
    """Returns the sites that are synced."""
    statuses = site_statuses(records, initial)
    return [site for site, status in statuses.items() if status == ENABLED]


def is_visible(record: SiteRecord | None) -> bool:
    """Returns whether a site is listed and queried: it was synced or added, and not removed."""
    return record is not None and record.status != REMOVED and not record.is_placeholder


def check_enabled(site: str, status: RecordedStatus | None) -> None:
    """Raises NotFoundError unless the site is enabled."""
    if status != ENABLED:
        state = f"site {site!r} is {status}" if status else f"there is no site {site!r}"
        raise NotFoundError(f"{state}; add it with `vitals site add {site}`")
