"""Changes of a world's parts, and what its syncs stored."""

import dataclasses
from typing import Any

from urllib3.util.retry import Retry

from tests.support.sites import SITE
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.model.timespan import HOUR_MS, Span, floor_window


def checkpoint(world: World) -> int | None:
    record = world.syncer.sites.load(SITE)
    return record.checkpoint_ms if record else None


def assert_exact(world: World, hours: float = 2) -> None:
    """Everything served of the hours before the last closed window is stored, and nothing else."""
    end = floor_window(world.clock())
    span = Span(end - int(hours * HOUR_MS), end)
    truth = world.truth(span)
    assert truth
    assert world.stored(span) == truth


def but(world: World, **changes: Any) -> World:
    """The world with another part in its syncer, or in the ingest of that."""
    parts = {name: changes.pop(name) for name in ("ace", "hot") if name in changes}
    ingest = dataclasses.replace(world.syncer.ingest, **parts)
    return dataclasses.replace(world, syncer=dataclasses.replace(world.syncer, ingest=ingest, **changes))


def impatient(world: World, **changes: Any) -> AceClient:
    """A client that gives up after its first try."""
    return AceClient(
        world.simulator.url,
        world.simulator.settings.api_key,
        Pace(60_000, burst=1_000),
        retry=Retry(total=0, status_forcelist=[429, 500, 502, 503, 504], respect_retry_after_header=False),
        **changes,
    )
