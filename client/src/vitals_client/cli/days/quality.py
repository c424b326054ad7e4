"""`vitals quality`."""

import csv
import sys
from enum import StrEnum, auto
from typing import Annotated, Literal

import typer

from vitals_client.cli import formatting
from vitals_client.cli.output import Json, SiteName, show, show_json, show_table
from vitals_client.client import Client
from vitals_client.shapes import Finding, Quality

_SITE = "(the site)"


class FindingName(StrEnum):
    """The values of `finding` in the shape `Finding`; typer takes no list of a Literal."""

    outage = auto()
    silent = auto()
    stuck = auto()
    range = auto()
    jump = auto()
    text = auto()
    idle = auto()


def quality(
    site: SiteName,
    date: Annotated[
        str, typer.Option(help="UTC day, YYYY-MM-DD", show_default="the latest archived day")
    ] = "",
    finding: Annotated[
        list[FindingName] | None, typer.Option(help="only findings of this name; repeat it for more")
    ] = None,
    format: Annotated[Literal["table", "csv"], typer.Option(help="table or csv")] = "table",
    json: Json = False,
) -> None:
    """Show which points of a site were stuck, silent, out of range or jumped on an archived day.

    The worst findings come first. CSV and JSON have all values.
    """
    if json and format != "table":
        raise typer.BadParameter("--json and --format exclude each other")
    with Client() as client:
        quality = client.quality(site, date or None)
    wanted: set[str] = set(finding or quality["counts"])
    findings = [item for item in quality["findings"] if item["finding"] in wanted]
    if json:
        return show_json({**quality, "findings": findings})
    if format == "csv":
        return _write_csv(findings)
    show(f"{quality['site_name']}, {quality['date']}: {_counts(quality)}")
    if findings:
        show_table(
            ("finding", "point", "name", "first", "last", "count", "value", "unit"),
            [_row(item) for item in findings],
            right=("count", "value"),
        )


def _write_csv(findings: list[Finding]) -> None:
    writer = csv.DictWriter(
        sys.stdout, list(Finding.__annotations__), lineterminator="\n", extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(findings)


def _counts(quality: Quality) -> str:
    counts = [f"{name} {number:,}" for name, number in quality["counts"].items() if number]
    return f"{formatting.counted(quality['points'], 'point')}, {', '.join(counts) or 'no findings'}"


def _row(item: Finding) -> tuple[str, ...]:
    return (
        item["finding"],
        item["point_name"] or _SITE,
        item["display_name"],
        item["first_time"],
        item["last_time"],
        formatting.count(item["count"] if item["points"] is None else item["points"]),
        "" if item["value"] is None else formatting.number(item["value"]),
        item["unit"],
    )
