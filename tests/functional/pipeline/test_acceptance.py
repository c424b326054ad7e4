"""State texts of a site: counted apart from garbage, and numbers once people say which."""

from collections.abc import Callable

from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.timespan import HOUR_MS, Span, floor_window
from vitals.pipeline import acceptance

# As the simulator writes a broken value of any point.
TEXT, NUMBER = "Fault Text", -777.5


def set_states(world: World) -> dict[str, dict[str, float]]:
    """Gives every point a number for the text, and returns what was set."""
    names = [point.name for point in world.syncer.catalogs.load(SITE).points]
    states = {name: {TEXT: NUMBER} for name in names}
    world.syncer.catalogs.set_points(SITE, {name: {"states": states[name]} for name in names}, "ada")
    return states


def test_states_are_stored_as_numbers_from_then(make_world: Callable[..., World]) -> None:
    world = make_world(initial_lookback_ms=10 * HOUR_MS)
    world.sync()
    end = floor_window(world.clock())
    earlier, span = Span(end - 10 * HOUR_MS, end - 5 * HOUR_MS), Span(end - 5 * HOUR_MS, end)
    assert world.reread(span).tally.rejected[acceptance.STATE] > 0
    states = set_states(world)
    assert world.stored(span) == world.truth(span) != world.truth(span, states)
    receipt = world.reread(span)
    assert acceptance.STATE not in receipt.tally.rejected
    assert world.stored(span) == world.truth(span, states)
    assert world.stored(earlier) == world.truth(earlier) != world.truth(earlier, states)
