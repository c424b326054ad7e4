"""Asks the upstream and the store the same random questions: `vitals verify [--seed N]`.

The questions are about everything that the syncs have passed, or, with --start and --end, about each day from
one to the other. The exit code is 1 when any sample differs.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import requests

from operations import stack_file
from operations.errors import OperatorError
from operations.verification.comparison import Comparison, compare
from operations.verification.questions import DAY_MS
from operations.verification.store import Store


def main(arguments: Sequence[str]) -> int:
    """Prints how many samples match and returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.start is None) != (options.end is None):
        parser.error("--start and --end must be given together")
    days = None if options.start is None else range(options.start, options.end + DAY_MS, DAY_MS)
    try:
        comparison = compare(Store(stack_file.running_stack()), options.seed, days)
    except (OperatorError, requests.RequestException) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _print(comparison, as_json=options.json)
    return 0 if comparison.is_exact else 1


def _print(comparison: Comparison, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(comparison._asdict()))
        return
    print(f"match {comparison.matched} of {comparison.expected} samples")
    if comparison.extra:
        print(f"the store has {comparison.extra} samples that the upstream does not serve")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vitals verify", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="repeat the questions of an earlier run")
    parser.add_argument("--start", type=_day_ms, help="first day to ask about, YYYY-MM-DD in UTC")
    parser.add_argument("--end", type=_day_ms, help="last day to ask about")
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    return parser


def _day_ms(text: str) -> int:
    """Returns the start of the UTC day in ms."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a day as YYYY-MM-DD") from None
