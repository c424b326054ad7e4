"""Checks a stack from end to end: `vitals smoke [--stack S] [--site SITE]`.

Each line says OK or what to do; the exit code is 1 unless every check is OK. The command removes its token
and its export. Without --stack, the stack is the running local one.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from operations.errors import OperatorError
from operations.smoke.access import AccessChecks
from operations.smoke.account import Account
from operations.smoke.api import ApiChecks, SmokeToken
from operations.smoke.athena import AthenaCheck
from operations.smoke.checks import Check, Deadline, Result, results
from operations.smoke.day_file import Archive
from operations.smoke.sync import Sync
from operations.smoke.target import Target, first_site, selected
from operations.token_lifecycle import epoch_ms, tokens_of
from vitals.errors import VitalsError
from vitals.site_name import check_site
from vitals_client import Client

_SECONDS = 900


def main(arguments: Sequence[str]) -> int:
    """Prints the result of each check and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        target = selected(options.stack)
        site = check_site(options.site) if options.site else first_site(target)
        deadline = Deadline(time.monotonic() + _SECONDS, time.monotonic, time.sleep)
        statuses = [_print(result, as_json=options.json) for result in _results(target, site, deadline)]
    except (OperatorError, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if all(statuses) else 1


def _results(target: Target, site: str, deadline: Deadline) -> Iterator[Result]:
    token = SmokeToken(target, tokens_of(target.client, target.outputs), site, deadline)
    return results(checks(target, site, token, deadline), Check("clean-up", token.revoke))


def checks(target: Target, site: str, token: SmokeToken, deadline: Deadline) -> list[Check]:
    """Returns the checks in their order; the quota is one of an account, which the local stack has not."""
    account, archive = Account(target), Archive(target, site, epoch_ms())
    api = ApiChecks(archive, lambda: Client(target.api, token.secret), deadline)
    access = AccessChecks(target.api, lambda: token.secret)
    quota = [] if target.is_local else [Check("concurrency quota", account.quota)]
    return [
        *quota,
        Check("key and sync", Sync(target, site).run),
        Check("schedules", account.schedules),
        Check("tables", account.tables),
        Check("archived day", archive.load),
        Check("Athena", AthenaCheck(target, archive, deadline).run, ("archived day",)),
        Check("token", token.create),
        Check("chart", api.chart, ("archived day", "token")),
        Check("export", api.export, ("archived day", "token")),
        Check("access", access.refusals, ("token",)),
        Check("headers", access.headers),
        Check("dead letters", account.dead_letters),
    ]


def _print(result: Result, *, as_json: bool) -> bool:
    """Prints a result; returns whether it is OK."""
    fields = {"check": result.check, "status": result.status, "text": result.text}
    print(json.dumps(fields) if as_json else result, flush=True)
    return result.status == "OK"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vitals smoke", description=__doc__)
    parser.add_argument("--stack", help="name of a stack on AWS (default: the running local stack)")
    parser.add_argument("--site", help="the site to check with (default: the first of the stack)")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each check")
    return parser
