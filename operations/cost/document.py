"""The tables of docs/costs.md, each between two comments that name it."""

import math
from collections.abc import Callable
from dataclasses import replace

from operations.cost import bill, usage
from operations.cost.bill import Line
from operations.cost.facts import Facts
from operations.cost.text import Month, services, table
from operations.cost.units import EVENTS
from vitals.aws import prices

POINTS, QUERIES = 4_583, 10_000
SITES = (1, 10, 100)
ARCHIVERS = 2
"""Days that are archived at a time, MaximumConcurrency of ArchivalFunctionDay."""
ARCHIVE_READING_MINUTES = 10
"""The time that an archiving has for its requests to ACE."""
_END = "<!-- end -->"
MIN_SHARE = 10
"""Requests a minute that a worker needs to list a site's points in the time of a sync."""


def updated(text: str, facts: Facts) -> str:
    """Returns the document with its tables as they are for the facts."""
    for name, make in _TABLES.items():
        head, marker, tail = text.partition(f"<!-- {name} -->\n")
        _, end, after = tail.partition(_END)
        if not marker or not end:
            raise ValueError(f"the document has no place for the table of {name}")
        text = f"{head}{marker}\n{make(facts)}\n\n{_END}{after}"
    return text


def _services(facts: Facts) -> str:
    rows = services(_month(facts, 1))
    head = ["service", "stack", "site", "total", "after the free tier"]
    return table(head, [[name, *map(_dollars, amounts)] for name, *amounts in rows])


def _sizes(facts: Facts) -> str:
    rows = []
    for sites in SITES:
        month = _month(facts, sites)
        requests = sites * usage.upstream_requests(facts, POINTS)
        amounts = (bill.total(month.stack), bill.total(month.all_sites), month.total, month.total / sites)
        rows.append(
            [f"{sites}", *map(_dollars, amounts), _dollars(month.total_after_free_tier), f"{requests:.1f}"]
        )
    head = [
        "sites",
        "stack",
        "sites together",
        "total",
        "total per site",
        "after the free tier",
        "requests to ACE a minute",
    ]
    return table(head, rows)


def _limits(facts: Facts) -> str:
    per_site = usage.upstream_requests(facts, POINTS)
    busy_s = sum(
        usage.per_day(event, POINTS) * usage.seconds_of(facts, event, POINTS)
        for event in EVENTS
        if event.function == "EtlFunction" and event.name not in usage.OF_STACK
    )
    [archive] = (event for event in EVENTS if event.name == "archive")
    day = usage.requests_of(facts, archive, POINTS)
    live = per_site - day / (24 * 60)
    archiving = ARCHIVERS * day / ARCHIVE_READING_MINUTES
    requests, busy = f"{per_site:.2f}", f"{busy_s:,.0f} s a day"
    rows = [
        ["60 requests a minute, what ACE allows a key", requests, _fitting(60 / per_site)],
        [
            f"{facts.requests_per_minute} requests a minute of a key, `AceRequestsPerMinute`",
            requests,
            _fitting(facts.requests_per_minute / per_site),
        ],
        [
            f"{facts.requests_per_minute} requests a minute of a key, less those of {ARCHIVERS} archivings",
            f"{live:.2f}",
            _fitting((facts.requests_per_minute - archiving) / live),
        ],
        *(
            [
                f"{workers} workers of EtlFunction, `SyncConcurrency`",
                busy,
                _fitting(workers / busy_s * 86_400),
            ]
            for workers in sorted({facts.sync_concurrency, facts.requests_per_minute // MIN_SHARE})
        ),
    ]
    return table(["limit", "of one site", "sites"], rows)


def _causes_of_site(facts: Facts) -> str:
    return _causes(_month(facts, 1).site)


def _causes_of_stack(facts: Facts) -> str:
    return _causes(_month(facts, 1).stack)


def _causes(lines: list[Line]) -> str:
    rows = [[cause, _dollars(dollars)] for cause, dollars in bill.by_cause(lines).items() if dollars >= 0.005]
    return table(["cause", "dollars"], rows)


def _decisions(facts: Facts) -> str:
    """What each decision costs a site in a month; of settings that are off, what they would cost."""
    site = usage.site(facts, POINTS)

    def cost_of(changed: Facts) -> float:
        return bill.total(usage.site(changed, POINTS))

    backed_up = replace(facts, backed_up=facts.backed_up | {"HotTable"})
    not_backed_up = replace(facts, backed_up=facts.backed_up - {"HotTable"})
    traced, untraced = replace(facts, is_traced=True), replace(facts, is_traced=False)
    arm = replace(facts, arm_functions=frozenset(facts.memory_mb))
    x86 = replace(facts, arm_functions=frozenset())
    full, recent = (
        bill.total(usage.of_event(facts, name, POINTS)) for name in ("full re-read", "recent re-read")
    )
    rollups = _caused(site, "rollups") + _caused(site, "storage of rollups")
    rows = {
        "`expires_at` on each block, after its day was verified": _caused(site, "expiry marks"),
        "all of the last 24 hours read again every six hours": full,
        "the last two hours read again every hour": recent,
        # A day that is reconciled is the work of one full re-read, of which a day has four.
        "each day read again before it is archived (`ArchiveReconcile`), about": full / 4,
        "rollups: written, and stored for a year": rollups,
        "point-in-time recovery of HotTable (`HotTableRecovery`)": cost_of(backed_up)
        - cost_of(not_backed_up),
        "points listed every hour (`CatalogHours`: 1)": cost_of(replace(facts, catalog_hours=1))
        - cost_of(facts),
        "traces (`Tracing`)": cost_of(traced) - cost_of(untraced),
        "x86_64 instead of arm64": cost_of(x86) - cost_of(arm),
        "EtlFunction with 1,024 MB": cost_of(_with_memory(facts, 1024)) - cost_of(facts),
    }
    return table(["decision", "dollars"], [[name, _dollars(dollars)] for name, dollars in rows.items()])


def _prices(_: Facts) -> str:
    names = [name for name in vars(prices) if name.isupper() and name != "AS_OF"]
    rows = [[f"`{name}`", f"{getattr(prices, name):.13f}".rstrip("0").rstrip(".")] for name in names]
    return table(["price", "dollars"], rows)


_TABLES: dict[str, Callable[[Facts], str]] = {
    "services": _services,
    "sizes": _sizes,
    "limits": _limits,
    "causes of a site": _causes_of_site,
    "causes of the stack": _causes_of_stack,
    "decisions": _decisions,
    "prices": _prices,
}


def _month(facts: Facts, sites: int) -> Month:
    return Month(facts, sites=sites, points=POINTS, queries=QUERIES)


def _with_memory(facts: Facts, memory_mb: int) -> Facts:
    return replace(facts, memory_mb={**facts.memory_mb, "EtlFunction": memory_mb})


def _caused(lines: list[Line], cause: str) -> float:
    return bill.total(line for line in lines if line.cause == cause)


def _fitting(sites: float) -> str:
    return f"{math.floor(sites)}"


def _dollars(dollars: float) -> str:
    return f"{dollars:,.2f}"
