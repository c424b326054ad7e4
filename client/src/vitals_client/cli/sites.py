"""`vitals sites` and `vitals changes`."""

from itertools import islice
from typing import Annotated, Any

import typer

from vitals_client.cli import formatting
from vitals_client.cli.output import Json, SiteName, message, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import SettingChange, Site


def sites(json: Json = False) -> None:
    """List the sites that the token grants."""
    with Client() as client:
        sites = client.sites()
    if json:
        return show_json({"sites": sites})
    show_table(
        ("site", "name", "points", "synced until", "lag"),
        [_site_row(site) for site in sites],
        right=("points", "lag"),
    )


def _site_row(site: Site) -> tuple[str, ...]:
    return (
        site["site_name"],
        site["display_name"],
        formatting.count(site["points"]),
        site["synced_until"] or "never",
        "paused" if site.get("status") == "paused" else formatting.lag(site["lag_seconds"]),
    )


def changes(
    site: SiteName,
    limit: Annotated[int, typer.Option(min=1, help="maximum number of changes")] = 100,
    json: Json = False,
) -> None:
    """List who changed which setting of a site and its points, newest first."""
    with Client() as client:
        changes = list(islice(client.changes(site), limit))
    if json:
        return show_json({"site_name": site, "changes": changes})
    if not changes:
        return message(f"no changes of {site}")
    show_table(
        ("time", "who", "what", "subject", "before", "after"), [_change_row(change) for change in changes]
    )


def _change_row(change: SettingChange) -> tuple[str, ...]:
    before, after = _text(change["before"]), _text(change["after"])
    return change["time"], change["who"], change["what"], change["subject"], before, after


def _text(value: Any) -> str:
    """Returns a setting as text; state numbers as in `vitals point set`, "not set" for None."""
    if isinstance(value, list):
        return ",".join(value) or "none"
    if isinstance(value, dict):
        return ",".join(f"{state}={number:g}" for state, number in value.items())
    return "not set" if value is None else str(value)
