"""The bill as text and as the tables of docs/costs.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from operations.cost import bill, usage
from operations.cost.bill import Line
from operations.cost.facts import Facts


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a stack with a number of equal sites."""

    facts: Facts
    sites: int
    points: int
    queries: int

    @property
    def stack(self) -> list[Line]:
        """What the stack uses with its queries, whatever its sites."""
        return [*usage.stack(self.facts), *usage.queries(self.facts, self.queries)]

    @property
    def site(self) -> list[Line]:
        return usage.site(self.facts, self.points)

    @property
    def all_sites(self) -> list[Line]:
        return [line.times(self.sites) for line in self.site]

    @property
    def total(self) -> float:
        return bill.total([*self.stack, *self.all_sites])

    @property
    def total_after_free_tier(self) -> float:
        return bill.total(bill.after_free_tier([*self.stack, *self.all_sites]))


def report(month: Month) -> str:
    """Returns the bill by service and cause; the last three lines are those of stack, site and total."""
    requests = month.sites * usage.upstream_requests(month.facts, month.points)
    return "\n".join(
        [
            f"dollars per month: {month.sites} × {month.points:,} points, {month.queries:,} queries",
            "",
            *_columns(services(month)),
            "",
            "a site, by cause",
            *_lines(bill.by_cause(month.site)),
            "the stack, by cause",
            *_lines(bill.by_cause(month.stack)),
            "",
            f"requests to ACE: {requests:.1f} a minute",
            f"after the free tier of AWS: ${month.total_after_free_tier:.2f}",
            f"stack ${bill.total(month.stack):.2f}",
            f"site ${bill.total(month.site):.2f}",
            f"total ${month.total:.2f}",
        ]
    )


class Service(NamedTuple):
    """The dollars of one service."""

    name: str
    stack: float
    site: float
    total: float
    after_free_tier: float


def services(month: Month) -> list[Service]:
    """Returns the dollars of each service, and of all of them as the last row."""
    stack, site = bill.by_service(month.stack), bill.by_service(month.site)
    everything = [*month.stack, *month.all_sites]
    free = bill.by_service(bill.after_free_tier(everything))
    rows = [
        Service(name, stack.get(name, 0.0), site.get(name, 0.0), whole, free[name])
        for name, whole in bill.by_service(everything).items()
        if whole >= 0.005
    ]
    totals = Service("all", bill.total(month.stack), bill.total(month.site), month.total, sum(free.values()))
    return [*rows, totals]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table of Markdown whose first column is text and the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(rows: Iterable[Service]) -> list[str]:
    head = f"  {'':<24}{'stack':>9}{'site':>9}{'total':>9}{'free tier':>11}"
    return [head, *(f"  {n:<24}{a:>9.2f}{b:>9.2f}{c:>9.2f}{d:>11.2f}" for n, a, b, c, d in rows)]


def _lines(causes: dict[str, float]) -> list[str]:
    return [f"  {name:<52}{dollars:>8.3f}" for name, dollars in causes.items() if dollars >= 0.0005]
