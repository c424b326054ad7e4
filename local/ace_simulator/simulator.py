"""A simulated ACE IoT API on this machine, with configurable faults and anomalies.

What it serves is a pure function of its settings, the clock, the faults, the anomalies of its buildings and
the samples that were put.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from local.ace_simulator.api import AceApi
from local.ace_simulator.buildings.anomalies import Anomaly
from local.ace_simulator.buildings.readings import Value
from local.ace_simulator.chance import Draws
from local.ace_simulator.control import control
from local.ace_simulator.faults import Faults
from local.ace_simulator.feed import Series, SiteFeed
from local.ace_simulator.responses import Response, error_response, failure, respond, with_faults
from local.ace_simulator.server import HOST, Server
from local.ace_simulator.settings import SimulatorSettings


def epoch_ms() -> int:
    """Returns the machine's time in UTC ms."""
    return time.time_ns() // 1_000_000


class Simulator:
    """Serves the ACE IoT API for simulated sites, in process or over HTTP."""

    url: str
    """The API's base URL, once started."""

    def __init__(
        self, settings: SimulatorSettings | None = None, clock: Callable[[], int] = epoch_ms
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self.clock = clock
        self.anchor_ms = clock() if self.settings.anchor_ms is None else self.settings.anchor_ms
        self._draws = Draws(self.settings.seed)
        opened_us = self.settings.opened_us(self.anchor_ms)
        self._feeds = {
            site: SiteFeed(self.settings.building(site, self.anchor_ms), opened_us)
            for site in self.settings.site_names
        }
        self.anomalies = self.settings.anomalies
        self._api = AceApi(self._feeds, clock, self._draws)
        self._api.faults = self.settings.faults
        self._stats: dict[str, Counter[str]] = {}
        self._stats_lock = threading.Lock()
        self._server: Server | None = None

    def start(self, port: int = 0) -> str:
        """Serves on 127.0.0.1 from a thread of its own, port 0 on a free port; returns the API's base URL."""
        if self._server:
            raise RuntimeError("the simulator is already running")
        self._server = Server(port, self.respond)
        self._server.start()
        self.url = f"http://{HOST}:{self._server.server_address[1]}/api"
        return self.url

    def stop(self) -> None:
        """Stops serving and closes every connection; does nothing when it is not running."""
        if self._server:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def faults(self) -> Faults:
        """The present faults."""
        return self._api.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._api.faults = faults

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """The present anomalies of the sites."""
        return self._anomalies

    @anomalies.setter
    def anomalies(self, anomalies: tuple[Anomaly, ...]) -> None:
        self._anomalies = anomalies
        for site, feed in self._feeds.items():
            feed.set_anomalies(anomaly for anomaly in anomalies if anomaly.site == site)

    def put_samples(self, site: str, samples: Iterable[tuple[str, Value, str | int]]) -> None:
        """Serves (name, value, ISO time or ms), in place of whatever has this name and millisecond."""
        self._feeds[site].put(samples)

    def site_series(self, site: str, start_ms: int, end_ms: int, at_ms: int | None = None) -> Series:
        """Returns what is served of [start, end) at a moment, by default now.

        It is times in ms and raw values by name. Of all faults, only `late` changes it.
        """
        now_us = 1_000 * (self.clock() if at_ms is None else at_ms)
        view = self._api.view(site, start_ms * 1_000, end_ms * 1_000, now_us=now_us)
        return self._feeds[site].series(view)

    def stats(self) -> dict[str, dict[str, int]]:
        """Returns the number of requests to the API by endpoint and status."""
        with self._stats_lock:
            return {endpoint: dict(statuses) for endpoint, statuses in self._stats.items()}

    def fault_counts(self) -> dict[str, int]:
        """Returns how many answers `nan`, `bad_text`, `drip` and `listing_shift` have changed."""
        return self._draws.counts()

    def respond(self, method: str, target: str, authorization: str = "", body: bytes = b"") -> Response:
        """Returns the response to a request, whether it came over HTTP or not."""
        url = urlsplit(target)
        # Names of points contain slashes, so that the path is split before it is unquoted.
        root, *path = [unquote(segment) for segment in url.path.strip("/").split("/")]
        if root != "api":
            return respond(lambda: control(self, method, [root, *path], body))
        time.sleep(self.faults.delay)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        endpoint, call = self._api.route(method, path)
        response = self._refusal(authorization) or with_faults(
            respond(lambda: call(query, body)), endpoint, self.faults, self._draws
        )
        with self._stats_lock:
            self._stats.setdefault(endpoint, Counter())[str(response.status)] += 1
        return response

    def _refusal(self, authorization: str) -> Response | None:
        is_authorized = authorization == f"Bearer {self.settings.api_key}"
        if not is_authorized and not self.faults.status:
            return error_response(401, "missing or wrong API key")
        return failure(self.faults, self._draws)
