"""Makes a bearer token for a deployed stack: `python -m local.tokens --table STATE_TABLE --name charts`."""

import argparse
import sys
import time

import boto3

from vitals.errors import InvalidRequestError
from vitals.timespan import DAY_MS
from vitals.tokens import EVERY_SITE, create_token


def main() -> int:
    """Prints the token, once: the table keeps only its hash."""
    parser = argparse.ArgumentParser(prog="python -m local.tokens", description=__doc__)
    parser.add_argument("--table", required=True, help="the stack output StateTable")
    parser.add_argument("--name", required=True, help="who or what it is for")
    parser.add_argument("--scope", action="append", help="read (default), backfill, admin; repeatable")
    parser.add_argument("--site", action="append", help="a site it may read (default: all); repeatable")
    parser.add_argument("--days", type=int, default=365, help="days until it expires (default 365)")
    asked = parser.parse_args()
    now_ms = time.time_ns() // 1_000_000
    scopes, sites = asked.scope or ["read"], asked.site or [EVERY_SITE]
    expires_ms = now_ms + asked.days * DAY_MS
    try:
        token = create_token(
            boto3.client("dynamodb"), asked.table, asked.name, scopes, sites, now_ms, expires_ms
        )
    except InvalidRequestError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(token)
    return 0


if __name__ == "__main__":
    sys.exit(main())
