"""`vitals flag`: marks spans of points as bad, lists these flags and removes them."""

from typing import Annotated

import typer

from vitals_client.cli.output import Json, SiteName, message, show, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import Flag

app = typer.Typer(
    help="Mark spans of points as bad. Their samples stay; --exclude bad leaves them out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_flags(
    site: SiteName,
    points: Annotated[
        list[str] | None, typer.Argument(metavar="POINT", help="by default every point")
    ] = None,
    json: Json = False,
) -> None:
    """List the flags of a site, or those of any of these points, oldest first."""
    with Client() as client:
        flags = list(client.flags(site, points or ()))
    if json:
        return show_json({"site_name": site, "flags": flags})
    if not flags:
        return message("no flags match")
    show_table(("id", "start", "end", "reason", "flagged by", "points"), [_row(flag) for flag in flags])


@app.command()
def add(
    site: SiteName,
    points: Annotated[list[str], typer.Argument(metavar="POINT", help="point names from `vitals points`")],
    start: Annotated[str, typer.Option(help="start of the span, ISO 8601 or epoch milliseconds")],
    end: Annotated[str, typer.Option(help="end of the span, not included")],
    reason: Annotated[str, typer.Option(help="why it is bad, up to 200 characters")],
    json: Json = False,
) -> None:
    """Mark a span of points as bad."""
    with Client() as client:
        flag = client.add_flag(site, points, start, end, reason)
    if json:
        show_json(flag)
    else:
        show(f"flagged as {flag['flag_id']}")


@app.command()
def remove(
    site: SiteName,
    flag_id: Annotated[str, typer.Argument(metavar="ID", help="the ID of a flag")],
    json: Json = False,
) -> None:
    """Remove a flag; `vitals changes` still lists it."""
    with Client() as client:
        removed = client.remove_flag(site, flag_id)
    if json:
        show_json(removed)
    else:
        show(f"flag {flag_id} is removed")


def _row(flag: Flag) -> tuple[str, ...]:
    points = ", ".join(flag["point_names"])
    return flag["flag_id"], flag["start_time"], flag["end_time"], flag["reason"], flag["flagged_by"], points
