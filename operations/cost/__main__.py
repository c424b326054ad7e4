"""Prints what a month costs: `python -m operations.cost --sites 1 --points 4583 --queries 10000`."""

import argparse
import sys
from collections.abc import Sequence

from operations import release, template
from operations.cost import document, facts
from operations.cost.text import Month, report


def main(arguments: Sequence[str]) -> int:
    """Prints the bill; with --write, also writes the tables of docs/costs.md."""
    parser = argparse.ArgumentParser(prog="python -m operations.cost", description=__doc__)
    parser.add_argument("--sites", type=_positive, default=1)
    parser.add_argument("--points", type=_positive, default=4_583, help="points of each site")
    parser.add_argument("--queries", type=int, default=10_000, help="queries a month")
    parser.add_argument("--stage", default="prod", help="stage of samconfig.toml whose parameters hold")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--write", action="store_true", help="write the tables of docs/costs.md")
    options = parser.parse_args(arguments)
    parameters = [*release.overrides(release.samconfig(), options.stage), *options.parameter]
    stack_facts = facts.read(template.load(), dict(pair.split("=", 1) for pair in parameters))
    if options.write:
        costs = template.ROOT / "docs/costs.md"
        costs.write_text(document.updated(costs.read_text(), stack_facts))
    month = Month(
        stack_facts,
        sites=options.sites,
        points=options.points,
        queries=options.queries,
    )
    print(report(month))
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
