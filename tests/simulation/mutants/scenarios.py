"""What is played over mutants: small and busy, because most faults need a race or a death.

`seed` is the first one that is played.
"""

from dataclasses import replace

from tests.simulation.scenario import KINDS, Scenario


def _without_others(kind: str) -> tuple[str, ...]:
    """Returns every kind of fault but this one."""
    return tuple(other for other in KINDS if other != kind)


_DEATHS = ("kill_before", "kill_after", "unavailable", "lost_for_good")
_REPEATS = ("refused", "lost_request", "unsent", "upstream")
SLOW = Scenario(
    seed=1, days=1, hot_days=1, points=20, faults=8.0, activity=10.0, without=(*_DEATHS, *_REPEATS, "held")
)
"""Processes are slow, so that they race."""
DYING = Scenario(seed=1, days=2, hot_days=1, points=12, faults=3.0, activity=6.0, without=("held",))
"""Processes die, and everything fails now and then."""
SMALL = Scenario(seed=1, days=1, hot_days=1, points=5, faults=1.0, activity=10.0, without=("held",))
"""A few points and usual faults, so that many seeds are played: a day is backfilled and exported often."""
HELD = Scenario(
    seed=1,
    days=1,
    hot_days=5,
    points=12,
    faults=15.0,
    activity=20.0,
    without=_without_others("held"),
)
"""Writers wait before they write a block that the ledger knows of, while charts look at its day."""
STALE = replace(SMALL, faults=3.0, without=_without_others("stale"))
"""Nearly every read that may show the past does; no other kind of fault occurs."""
VANISHING = replace(SMALL, faults=3.0, without=_without_others("vanished"))
"""One in seven messages of exports vanishes; no other kind of fault occurs."""
UNLISTED = Scenario(seed=61, days=3, points=5, activity=0.2)
"""No listing works for more than a day, while new points send readings; hardly any day is read by hand."""
USUAL = (SLOW, DYING)
