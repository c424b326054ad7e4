"""Lists, adds, sets, pauses and removes sites of a stack; no command needs a deployment or deletes samples.

Without --stack or --table, the stack is the running local one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import stacks
from operations.errors import OperatorError
from operations.sites.changes import Change, Sites, sites_of
from operations.tables import show
from vitals.errors import VitalsError
from vitals.model.records.sites import PAUSED, REMOVED, UNITS, SiteRecord, SiteSettings
from vitals.model.timespan import iso


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](sites_of(stacks.selected(options)), options)
    except (OperatorError, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _list(sites: Sites, options: argparse.Namespace) -> None:
    listed = sites.all()
    if options.json:
        print(json.dumps({"sites": [_described(record) for record in listed]}))
        return
    show(
        ("site", "status", "key", "timezone", "units", "points", "synced from", "synced until"),
        [
            (
                record.site,
                record.status or "by the parameter Sites",
                record.key_group,
                record.timezone,
                record.units,
                str(record.points),
                _minute(record.first_ms) or "never",
                _minute(record.checkpoint_ms) or "never",
            )
            for record in listed
        ],
    )


def _described(record: SiteRecord) -> dict[str, Any]:
    return {
        "site": record.site,
        "status": record.status,
        "key": record.key_group,
        "timezone": record.timezone,
        "units": record.units,
        "holidays": record.holidays,
        "points": record.points,
        "synced_from": None if record.first_ms is None else iso(record.first_ms),
        "synced_until": None if record.checkpoint_ms is None else iso(record.checkpoint_ms),
    }


def _minute(time_ms: int | None) -> str:
    return "" if time_ms is None else iso(time_ms)[:16]


def _add(sites: Sites, options: argparse.Namespace) -> None:
    change = sites.add(options.site, options.key)
    checkpoint = _minute(change.checkpoint_ms)
    start = f"continues at {checkpoint}, an hour per step" if checkpoint else "reads the site's first hours"
    _report(change, f"the next sync starts within five minutes and {start}", options)
    if options.key and change.after in (PAUSED, REMOVED):
        resumes = f"`vitals site add {options.site}` without --key resumes it"
        print(f"{options.site} is {change.after}, as before; {resumes}", file=sys.stderr)
    if options.key and (problem := sites.key_problem(options.key)):
        print(f"warning: {problem}", file=sys.stderr)


def _pause(sites: Sites, options: argparse.Namespace) -> None:
    _report(
        sites.pause(options.site),
        "no sync starts from now on, and one that is running ends; queries and the archiving of stored days "
        f"continue; `vitals site add {options.site}` resumes it",
        options,
    )


def _remove(sites: Sites, options: argparse.Namespace) -> None:
    _report(
        sites.remove(options.site),
        "no sync starts from now on, and within a minute queries answer 404; its samples, archive and "
        f"checkpoint remain; `vitals site add {options.site}` brings it back",
        options,
    )


def _set(sites: Sites, options: argparse.Namespace) -> None:
    settings: SiteSettings = {}
    if options.timezone is not None:
        settings["timezone"] = options.timezone
    if options.units is not None:
        settings["units"] = options.units
    if options.holidays is not None:
        settings["holidays"] = () if options.holidays == _NO_HOLIDAYS else tuple(options.holidays.split(","))
    if not settings:
        raise OperatorError("give --timezone, --units or --holidays")
    before, after = sites.set_settings(options.site, settings)
    if options.json:
        fields = {"site": after.site, "timezone": after.timezone, "units": after.units}
        print(json.dumps(fields | {"holidays": after.holidays}))
    for name in settings:
        old, new = _text(getattr(before, name)), _text(getattr(after, name))
        change = f"{new} already" if old == new else f"{new}; before: {old}"
        print(f"{after.site}: {name} {change}", file=sys.stderr)


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value) or _NO_HOLIDAYS


def _suggest(sites: Sites, options: argparse.Namespace) -> None:
    suggestion = sites.suggestion(options.site)
    if options.json:
        print(json.dumps({"site": options.site} | asdict(suggestion)))
        return
    print(suggestion.timezone)
    print(
        f"the timezone at {suggestion.latitude}, {suggestion.longitude}, the coordinates of {options.site} in"
        f" ACE; to set it: vitals site set {options.site} --timezone {suggestion.timezone}",
        file=sys.stderr,
    )


def _report(change: Change, effect: str, options: argparse.Namespace) -> None:
    if options.json:
        fields = {"site": change.site, "status": change.after, "before": change.before}
        print(json.dumps(fields | {"key": change.group_after}))
    if change.is_none:
        state = change.after or f"in the key group {change.group_after}"
        print(f"{change.site} is {state} already; nothing has changed", file=sys.stderr)
    elif change.before != change.after:
        print(f"{change.site} is {change.after}: {effect}", file=sys.stderr)
    if change.group_after != change.group_before:
        group = change.group_after
        print(f"{change.site} is in the key group {group}: its next sync uses that key", file=sys.stderr)


_NO_HOLIDAYS = "none"
_KEY_HELP = "read the site with the key of this key group; a site that exists keeps its status"
_COMMANDS: dict[str, Callable[[Sites, argparse.Namespace], None]] = {
    "list": _list,
    "add": _add,
    "pause": _pause,
    "remove": _remove,
    "set": _set,
    "suggest": _suggest,
}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    stacks.add_options(shared)
    shared.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    parser = argparse.ArgumentParser(prog="vitals site", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", parents=[shared], help="list the sites, also those that were removed")
    for name, effect in (
        ("add", "sync a site from now on: a new one, or one that was paused or removed"),
        ("pause", "stop the syncs of a site; its samples can be queried"),
        ("remove", "stop the syncs, the archiving and the queries of a site; nothing is deleted"),
        ("set", "set the timezone, the units or the holidays of a site"),
        ("suggest", "print the timezone at the coordinates that ACE has of a site; nothing is set"),
    ):
        command = commands.add_parser(name, parents=[shared], help=effect)
        command.add_argument("site", help="its name in ACE")
        if name == "add":
            command.add_argument("--key", metavar="GROUP", help=_KEY_HELP)
        if name == "set":
            command.add_argument("--timezone", metavar="ZONE", help="IANA name, such as America/Chicago")
            command.add_argument("--units", choices=UNITS, help="units of the site's answers")
            command.add_argument(
                "--holidays",
                metavar="DATES",
                help=f"all of them, such as 2026-12-25,2027-01-01, or `{_NO_HOLIDAYS}`",
            )
    return parser
