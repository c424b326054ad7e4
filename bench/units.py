"""Measures the table of operations/cost/units.py: `python -m bench.units [groups groups]`.

Two sizes of site give the fixed part of each count and the part per group of 64 points, or, of a re-read, per
group and hour. Both sizes are so small that a message has the whole of a re-read.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

SMALL, LARGE = 2, 5
_FUNCTIONS = {"plan": "ArchivalFunction", "archive": "ArchivalFunction"}
# The play has three full re-reads in its 24 hours, and one more at their end.
_PER_DAY = {"full re-read": 4, "recent re-read": 20}


def main(arguments: list[str]) -> int:
    """Plays both sizes and prints the table."""
    small, large = (_played(groups) for groups in (map(int, arguments) if arguments else (SMALL, LARGE)))
    print(table(small, large))
    return 0


def table(small: Mapping[str, Any], large: Mapping[str, Any]) -> str:
    """Returns the table as Python, from the plays of two sizes."""
    sizes = small["groups"], large["groups"]
    items = {
        kind: large["sizes"][f"{kind} bytes"] / large["sizes"][f"{kind} items"]
        for kind in ("block", "rollup")
    }
    files = amount(sizes, small["sizes"]["day file bytes"], large["sizes"]["day file bytes"])
    lines = [
        f"CUSTOM_METRICS = {tuple(large['metrics'])!r}",
        f"ITEM_BYTES = { ({kind: round(size) for kind, size in items.items()})!r}",
        f"DAY_FILE_BYTES = {files}",
        "EVENTS = (",
    ]
    for name in small["events"]:
        lines += event(name, sizes, small["events"][name], large["events"][name])
    return "\n".join([*lines, ")"])


def event(
    name: str, sizes: tuple[float, float], small: Mapping[str, float], large: Mapping[str, float]
) -> list[str]:
    """Returns the lines of one event."""
    apart = {"count", "hours", "log bytes", "cpu seconds", "ace request", "ace listing", "dynamodb request"}
    sizes = (sizes[0] * (small["hours"] or 1), sizes[1] * (large["hours"] or 1))
    used = sorted({*small, *large} - apart)
    upstream = small.get("ace request", 0) + small.get("ace listing", 0)
    return [
        "    Event(",
        f"        name={name!r},",
        f"        per_day={_PER_DAY.get(name, small['count'])},",
        f"        function={_FUNCTIONS.get(name, 'EtlFunction')!r},",
        f"        upstream_requests={upstream:.4g},",
        f"        cpu_s={amount(sizes, small['cpu seconds'], large['cpu seconds'])},",
        f"        dynamodb_requests={amount(sizes, small['dynamodb request'], large['dynamodb request'])},",
        f"        log_bytes={large['log bytes']:.0f},",
        "        used={",
        *(f"            {n!r}: {amount(sizes, small.get(n, 0), large.get(n, 0))}," for n in used),
        "        },",
        "    ),",
    ]


def amount(sizes: tuple[float, float], small: float, large: float) -> str:
    """Returns the call that makes the number that is linear in the groups."""
    per_group = (large - small) / (sizes[1] - sizes[0])
    fixed = small - per_group * sizes[0]
    if abs(per_group * sizes[1]) < 0.01 * abs(large):
        return f"Amount({(small + large) / 2:.4g})"
    return f"Amount({fixed:.4g}, {per_group:.4g})"


def _played(groups: int) -> dict[str, Any]:
    """Plays a day in a process of its own, so that its CPU is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.day", str(groups)], stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
