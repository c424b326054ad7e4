"""`vitals sites`."""

from vitals_client.cli import formatting
from vitals_client.cli.output import Json, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import Site


def sites(json: Json = False) -> None:
    """List the sites that the token grants."""
    with Client() as client:
        sites = client.sites()
    if json:
        return show_json({"sites": sites})
    show_table(
        ("site", "name", "points", "synced until", "lag"),
        [_row(site) for site in sites],
        right=("points", "lag"),
    )


def _row(site: Site) -> tuple[str, ...]:
    return (
        site["site_name"],
        site["display_name"],
        formatting.count(site["points"]),
        site["synced_until"] or "never",
        "paused" if site.get("status") == "paused" else formatting.lag(site["lag_seconds"]),
    )
