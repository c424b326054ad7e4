"""What must be there when nothing fails any more: everything that the documented re-reads promise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.simulation.ace.book import SiteBook
from tests.simulation.ace.readings import Version
from tests.simulation.oracle.fetch import Value, exact, listed
from tests.simulation.oracle.problems import LOST, WRONG, Problems
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso

# The next full re-read follows within this time, and goes back so far.
_READ_MS = 8 * HOUR_MS
_REREAD_MS = 24 * HOUR_MS
# A shorter outage of the upstream delays a re-read, a longer one may take the place of one.
_OUTAGE_MS = 2 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Promises:
    """The promises for one site at rest; `first_ms` is where its first sync began."""

    book: SiteBook
    first_ms: int
    rest_ms: int
    outages: Sequence[Span]

    @property
    def names(self) -> list[str]:
        """The points that must be in the catalog: those that have been listed for hours."""
        return [
            point.name
            for point in self.book.points
            if any(
                configured.start_ms <= self.rest_ms - _READ_MS and self.rest_ms < configured.end_ms
                for configured in point.configured
            )
        ]

    def check(self, name: str, span: Span, samples: Mapping[int, float], problems: Problems) -> None:
        """Compares the samples of a point in a span with what is promised of them."""
        for time_ms, possible in self._promised(name, span):
            value = samples.get(time_ms)
            if value is not None and exact(value) in possible:
                continue
            subject = f"at rest, {self.book.site} {name!r} at {iso(time_ms)}"
            if value is None:
                problems.add(LOST, f"{subject}: promised, and missing")
            else:
                problems.add(WRONG, f"{subject}: {value} instead of {listed(possible)}")

    def _promised(self, name: str, span: Span) -> Iterator[tuple[int, list[Value]]]:
        point = self.book.by_name.get(name)
        if point is None:
            return
        for configured in point.configured:
            if configured.end_ms <= self.rest_ms:
                continue
            start_ms = max(span.start_ms, configured.start_ms, self.first_ms)
            for time_ms in self.book.keys(name, Span(start_ms, max(start_ms, span.end_ms))):
                possible = self._possible(self.book.versions(name, time_ms))
                if possible:
                    yield time_ms, possible

    def _possible(self, versions: Sequence[Version]) -> list[Value]:
        """Returns the values of the newest promised version and of those after it, none without one.

        A value that is replaced by garbage may never have been read.
        """
        samples: list[Version] = []
        for version in versions:
            samples = [*samples, version] if version.value is not None else []
        promised = [row for row, version in enumerate(samples) if self._is_promised(version)]
        if not promised:
            return []
        return [exact(version.value) for version in samples[promised[-1] :] if version.value is not None]

    def _is_promised(self, version: Version) -> bool:
        if version.is_beyond_rereads or version.visible_ms > self.rest_ms - _READ_MS:
            return False
        until_ms = version.time_ms + _REREAD_MS
        return not any(
            outage.end_ms - outage.start_ms > _OUTAGE_MS
            and outage.start_ms < until_ms
            and outage.end_ms > version.time_ms
            for outage in self.outages
        )


def days_of(span: Span) -> Iterator[Span]:
    """Yields the days that a span touches."""
    for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
        yield Span(day_ms, day_ms + DAY_MS)
