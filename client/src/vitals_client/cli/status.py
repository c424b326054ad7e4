"""`vitals status`."""

import shlex
from collections.abc import Iterator

from vitals_client.cli import formatting
from vitals_client.cli.output import Json, message, show, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import DeadLetterCounts, SiteStatus

_MAX_UNARCHIVED_DAYS = 10


def status(json: Json = False) -> None:
    """Show the status of each site and the dead letters.

    The status of a site is its lag, the readings that the latest sync rejected, and unarchived days.
    """
    with Client() as client:
        status = client.status()
    if json:
        return show_json(status)
    show_table(
        ("site", "points", "synced until", "lag", "rejected in the latest sync", "unarchived days"),
        [_row(site) for site in status["sites"]],
        right=("points", "lag", "unarchived days"),
    )
    for site in status["sites"]:
        for line in _notes(site):
            show(f"{site['site_name']}: {line}")
    if status["dead_letters"] is not None:
        show(f"dead letters: {', '.join(_counts(status['dead_letters']))}")
    for warning in status["warnings"]:
        message(f"warning: {warning}")


def _row(site: SiteStatus) -> tuple[str, ...]:
    return (
        site["site_name"],
        formatting.count(site["points"]),
        site["synced_until"] or "never",
        formatting.lag(site["lag_seconds"]),
        ", ".join(f"{reason} {number:,}" for reason, number in site["rejected"].items()),
        formatting.count(site["unarchived_count"]),
    )


def _counts(dead_letters: DeadLetterCounts) -> Iterator[str]:
    yield f"sync {formatting.count(dead_letters['sync'])}"
    yield f"archive {formatting.count(dead_letters['archive'])}"
    yield f"export {formatting.count(dead_letters['export'])}"


def _notes(site: SiteStatus) -> Iterator[str]:
    if site.get("status") == "paused":
        yield "paused, so it is not synced"
    if site["unarchived_count"]:
        unarchived = site["unarchived_days"]
        dates = ", ".join(unarchived[:_MAX_UNARCHIVED_DAYS])
        yield f"unarchived: {dates}{' …' if len(unarchived) > _MAX_UNARCHIVED_DAYS else ''}"
    if old_days := site.get("days_to_rebuild"):
        command = f"vitals backfill rebuild {shlex.quote(site['site_name'])}"
        days = formatting.counted(old_days, "day")
        yield f"{days} with rollups of an older release; `{command}` rebuilds them"
    if site["upstream_paused_until"]:
        yield f"requests to the upstream are paused until {site['upstream_paused_until']}"
