"""The points of a site: when each is configured, when it sends, and what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.simulation.ace import values
from tests.simulation.ace.values import Draw, log_uniform
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

GATEWAYS = 3
_STEMS = (
    "ahu 1/zone temp",
    "ahu 1/fan #{n}",
    "vav-{n}/damper 50%",
    "Büro {n}/Temperatur °C",
    "chiller,{n}/kW, total",
    "8000:33-80{n}/analogInput/{n}",
    "热泵/{n}/流量",
    'panel "{n}"/current',
    "a+b&c=d?{n}/x",
    "back\\slash/{n}",
)
_TIME_STYLES = ("Z", ".{ms:03d}Z", ".{ms:03d}456Z", "+00:00", "+02:00", "-05:30")


@dataclass(frozen=True, slots=True)
class Point:
    """A point; it has readings while it `sends`, and is listed while it is `configured`, which may differ.

    `interval_s` is how often it sends, `listed_interval_s` what the listing says; its readings are `phase_ms`
    after multiples of the interval. `number` is its number on its site, from 1.
    """

    name: str
    number: int
    gateway: int
    interval_s: int
    listed_interval_s: int | None
    phase_ms: int
    time_style: str
    draw: Draw
    sends: tuple[Span, ...]
    configured: tuple[Span, ...]

    def is_configured(self, at_ms: int) -> bool:
        """Returns whether the listing names the point at a time."""
        return any(span.start_ms <= at_ms < span.end_ms for span in self.configured)


def draw_points(random: Random, site: str, count: int, run: Span, history_ms: int) -> tuple[Point, ...]:
    """Returns the points of a site: most are configured throughout, some come and go.

    Points send from `history_ms` before the run on.
    """
    always = Span(run.start_ms - history_ms, run.end_ms + 4 * DAY_MS)
    points = [_draw_point(random, site, number, always) for number in range(1, count + 1)]
    order = random.sample(range(count), count)
    share = max(1, count // 16)
    takes = iter(order)
    for change in (_added, _removed, _added_again, _renamed, _never_configured):
        for _ in range(share):
            index = next(takes, None)
            if index is not None:
                points += _apply(change, random, points, index, run, always)
    return tuple(points)


type _Change = Callable[[Random, Point, Span, Span], Sequence[Point]]


def _apply(
    change: _Change, random: Random, points: list[Point], index: int, run: Span, always: Span
) -> list[Point]:
    """Changes the point at the index; returns the points that the change adds."""
    points[index], *further = change(random, points[index], run, always)
    return [replace(point, number=len(points) + row) for row, point in enumerate(further, 1)]


def _draw_point(random: Random, site: str, number: int, always: Span) -> Point:
    stem = _STEMS[(number - 1) % len(_STEMS)].format(n=number)
    interval_s = _draw_interval(random, number)
    phases = (0, 0, 1, 250 + number, random.randrange(interval_s * 1000))
    phase_ms = random.choice(phases)
    styles = _TIME_STYLES if phase_ms % 1000 == 0 else _TIME_STYLES[1:3]
    listed = random.choice((interval_s,) * 8 + (None, 0))
    return Point(
        name=f"{site}/{stem}" if "{n}" in _STEMS[(number - 1) % len(_STEMS)] else f"{site}/{stem} {number}",
        number=number,
        gateway=random.randrange(GATEWAYS),
        interval_s=interval_s,
        listed_interval_s=listed,
        phase_ms=phase_ms,
        time_style=random.choice(styles),
        draw=_draw_kind(random, number),
        sends=(always,),
        configured=(always,),
    )


def _draw_interval(random: Random, number: int) -> int:
    """Returns the seconds between two readings of a point; most points have 5 or 15 minutes."""
    # One of every 11 points sends once a minute, whatever the seed, so that days are of one size.
    if number % 11 == 5:
        return 60
    return 900 if random.random() < 0.32 else 300


def _draw_kind(random: Random, number: int) -> Draw:
    if number % 10 == 3:
        return values.state()
    if number % 10 == 6:
        return values.level(4)
    if number % 20 == 8:
        return values.counter(3, offset=0, period_s=random.randrange(5 * 3_600, 30 * 3_600))
    if number % 20 in (2, 18):
        return values.counter(3)
    if number % 20 == 9:
        return values.edge()
    return values.analog(random.uniform(-20, 900), random.uniform(0, 30), quoted=random.random() < 0.7)


def _moment(random: Random, run: Span) -> int:
    return run.start_ms + int(random.uniform(0.05, 0.9) * run.length_ms)


def _added(random: Random, point: Point, run: Span, always: Span) -> Sequence[Point]:
    """A new point, which sends from up to six hours before to an hour after it is listed."""
    moment = _moment(random, run)
    begin = moment + random.randint(-6 * HOUR_MS, HOUR_MS)
    return [replace(point, sends=(Span(begin, always.end_ms),), configured=(Span(moment, always.end_ms),))]


def _removed(random: Random, point: Point, run: Span, always: Span) -> Sequence[Point]:
    """A point that is no longer listed; it may send for hours, or for good."""
    moment = _moment(random, run)
    sends_until = random.choice((moment, moment + random.randint(0, 8 * HOUR_MS), always.end_ms))
    return [
        replace(
            point,
            sends=(Span(always.start_ms, sends_until),),
            configured=(Span(always.start_ms, moment),),
        )
    ]


def _added_again(random: Random, point: Point, run: Span, always: Span) -> Sequence[Point]:
    """A point that is not listed for a while; half of these send all the time."""
    removed = _moment(random, run)
    added = removed + log_uniform(random, 10 * MINUTE_MS, 2 * DAY_MS)
    spans = (Span(always.start_ms, removed), Span(added, max(added, always.end_ms)))
    return [replace(point, configured=spans, sends=random.choice((spans, (always,))))]


def _renamed(random: Random, point: Point, run: Span, always: Span) -> Sequence[Point]:
    """A point that goes on under another name, from one reading to the next."""
    moment = _moment(random, run)
    before, after = Span(always.start_ms, moment), Span(moment, always.end_ms)
    return [
        replace(point, sends=(before,), configured=(before,)),
        replace(point, name=f"{point.name} (renamed)", sends=(after,), configured=(after,)),
    ]


def _never_configured(random: Random, point: Point, run: Span, always: Span) -> Sequence[Point]:
    return [replace(point, configured=())]
