"""How often and when the upstream fails, and how often it did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.simulation.ace.values import log_uniform
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """Rates per answer, from 0 to 1, and numbers per day of what lasts; without arguments nothing fails.

    An answer that the product must reject whole:
    `unauthorized` (401), `rate_limited` (429), `server_error` (500, 502, 503), `connect_timeout`,
    `read_timeout` (the request had its effect), `connection` (closed without an answer), `incomplete`
    (fewer bytes than announced), `truncated` (JSON without its end), `not_json` (HTML, or no JSON object).

    A page of readings that is odd and loses nothing: `bom`, `short_pages` (a span on many pages), `empty`
    (with has_more), `doubled` (on one page), `overlap` (on two pages), `unordered`, `junk` (additional
    entries that cannot be read). A run of pages that must end in an error: `lost_cursor`, `repeated_cursor`.

    A page that lacks readings which are visible: `malformed` (some entries cannot be read).

    Listings: `listing_odd` (a member that is not needed is no JSON or bad text), `listing_malformed` (one
    entry), `listing_shift` (a point vanishes between two pages, so that another one is on no page),
    `listing_lack` (a point is missing from all pages of one run; each point at most once).
    """

    unauthorized: float = 0.0
    rate_limited: float = 0.0
    server_error: float = 0.0
    connect_timeout: float = 0.0
    read_timeout: float = 0.0
    connection: float = 0.0
    incomplete: float = 0.0
    truncated: float = 0.0
    not_json: float = 0.0
    bom: float = 0.0
    short_pages: float = 0.0
    empty: float = 0.0
    doubled: float = 0.0
    overlap: float = 0.0
    unordered: float = 0.0
    junk: float = 0.0
    malformed: float = 0.0
    lost_cursor: float = 0.0
    repeated_cursor: float = 0.0
    listing_odd: float = 0.0
    listing_malformed: float = 0.0
    listing_shift: float = 0.0
    listing_lack: float = 0.0
    outages_per_day: float = 0.0
    """Times in which every request fails, from a minute to 30 hours; most are short."""
    broken_listings_per_day: float = 0.0
    """Times in which every listing fails, from a minute to 3 days."""


USUAL = FaultRates(
    unauthorized=0.0003,
    rate_limited=0.006,
    server_error=0.01,
    connect_timeout=0.003,
    read_timeout=0.003,
    connection=0.004,
    incomplete=0.004,
    truncated=0.004,
    not_json=0.003,
    bom=0.003,
    short_pages=0.04,
    empty=0.02,
    doubled=0.02,
    overlap=0.2,
    unordered=0.03,
    junk=0.01,
    malformed=0.004,
    lost_cursor=0.002,
    repeated_cursor=0.002,
    listing_odd=0.02,
    listing_malformed=0.02,
    listing_shift=0.03,
    listing_lack=0.02,
    outages_per_day=0.25,
    broken_listings_per_day=0.1,
)


class Faults:
    """Decides about faults by the passed random, and counts those that had an effect.

    Outages and times of broken listings are drawn for the run, and are added to the passed ones.
    """

    def __init__(
        self,
        random: Random,
        rates: FaultRates,
        run: Span,
        *,
        outages: Sequence[Span] = (),
        broken_listings: Sequence[Span] = (),
    ) -> None:
        self.random = random
        self.rates = rates
        self.counts: Counter[str] = Counter()
        """The number of answers that each fault changed."""
        self.outages = (*outages, *_draw_times(random, run, rates.outages_per_day, 30 * HOUR_MS))
        self.broken_listings = (
            *broken_listings,
            *_draw_times(random, run, rates.broken_listings_per_day, 3 * DAY_MS),
        )
        self._lacked: set[tuple[str, str]] = set()

    def happens(self, name: str, scale: float = 1.0) -> bool:
        """Returns whether the fault happens now, at its rate times the scale; it is counted if it does."""
        rate = getattr(self.rates, name) * scale
        if rate <= 0 or self.random.random() >= rate:
            return False
        self.counts[name] += 1
        return True

    def stop(self) -> None:
        """Lets nothing fail from now on."""
        self.rates = FaultRates()
        self.outages = ()
        self.broken_listings = ()

    def lack(self, site: str, names: Sequence[str]) -> str:
        """Returns a point that a listing is to lack, and that none did before; "" for none."""
        candidates = [name for name in names if (site, name) not in self._lacked]
        if not candidates or not self.happens("listing_lack"):
            return ""
        name = self.random.choice(candidates)
        self._lacked.add((site, name))
        return name


def covers(spans: Sequence[Span], at_ms: int) -> bool:
    """Returns whether one of the spans contains the time."""
    return any(span.start_ms <= at_ms < span.end_ms for span in spans)


def _draw_times(random: Random, run: Span, per_day: float, longest_ms: int) -> list[Span]:
    times: list[Span] = []
    time_ms = run.start_ms
    while per_day > 0:
        time_ms += int(random.expovariate(per_day) * DAY_MS)
        if time_ms >= run.end_ms:
            break
        length_ms = log_uniform(random, MINUTE_MS, longest_ms)
        times.append(Span(time_ms, time_ms + length_ms))
        time_ms += length_ms
    return times
