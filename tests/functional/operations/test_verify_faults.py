"""The product is exact, to the bit, while the simulator has the faults of real APIs."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import requests
from urllib3.util.retry import Retry

from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from operations.errors import OperatorError
from operations.verification import comparison
from operations.verification import upstream as upstream_module
from operations.verification.store import Store
from operations.verification.upstream import Upstream
from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, deployed, make_token, server, token
from tests.support.clock import Clock
from tests.support.sites import SITE
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.errors import UpstreamError

__all__ = ["building", "deployed", "make_token", "server", "token"]

# NaN and bad text are in every answer about a window; the others are not.
FAULTS = Faults(nan=1, bad_text=1, drip=0.15, listing_shift=0.5)
NAMES = {"nan", "bad_text", "drip", "listing_shift"}
# Each drip takes as long; an answer that is late is requested again.
ANSWER_S = 0.5


class Deployed(Store):
    """The product in this process: its API over HTTP, its sync called."""

    def __init__(self, url: str, token: str, world: World) -> None:
        super().__init__({"api": url, "token": token})
        self._world = world
        self.effects: Counter[str] = Counter()
        """How many answers to the syncs each fault has changed."""

    def upstream(self) -> Upstream:
        served = self._world.simulator
        return Upstream(served.url, served.settings.api_key)

    def sync(self, site: str) -> None:
        before = self._fault_counts()
        try:
            for _ in range(12):
                try:
                    if self._world.sync().caught_up:
                        self._world.drain()
                        return
                except UpstreamError:
                    self._world.clock.forward(5)
            raise OperatorError("the sync did not catch up")
        finally:
            self.effects += self._fault_counts() - before

    def _fault_counts(self) -> Counter[str]:
        url = self._world.simulator.url.removesuffix("/api") + "/control/fault_counts"
        return Counter(requests.get(url, timeout=60).json())


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """Two pages of points, with a reading every ten minutes."""
    settings = SimulatorSettings(points=120, sites=(SITE,), interval_s=600, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def store(
    building: World,
    server: ApiServer,
    make_token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> Deployed:
    monkeypatch.setattr(upstream_module, "_ANSWER_SECONDS", ANSWER_S)
    monkeypatch.setattr(comparison, "_QUESTIONS", (6, 6))
    simulator = building.simulator
    pace, retry = Pace(60_000, burst=1_000), Retry(total=8, respect_retry_after_header=False)
    ace = AceClient(simulator.url, simulator.settings.api_key, pace, retry=retry, timeout_s=ANSWER_S)
    ingest = dataclasses.replace(building.syncer.ingest, ace=ace)
    world = dataclasses.replace(building, syncer=dataclasses.replace(building.syncer, ingest=ingest))
    return Deployed(server.url, make_token("read"), world)


def test_verification_is_exact_under_faults(store: Deployed, building: World, clock: Clock) -> None:
    building.simulator.faults = FAULTS
    for seed in range(10):
        # The product reads the listing every hour.
        clock.forward(61)
        matched, expected, extra = comparison.compare(store, seed)
        assert (matched, extra) == (expected, 0)
        assert expected > 100
        if store.effects.keys() >= NAMES:
            break
    assert store.effects.keys() == NAMES
