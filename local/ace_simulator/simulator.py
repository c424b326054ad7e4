"""A stand-in for the ACE IoT API on this machine, with faults on request.

`python -m local.simulator --port P`; what it serves is a pure function of its settings and of time.
"""

import argparse
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from local.ace_simulator import corruption
from local.ace_simulator import faults as fault_texts
from local.ace_simulator.api import AceApi, RequestError, json_object
from local.ace_simulator.building import Building, GeneratedBuilding, Value
from local.ace_simulator.faults import Draws, Faults
from local.ace_simulator.feed import Series, SiteFeed
from local.ace_simulator.replay import ReplayedBuilding, path_word

HOST = "127.0.0.1"
_SITE_NAME = re.compile(r"[A-Za-z0-9._-]{2,64}")
# Readings jitter by up to 5 s, and two of one point must not meet.
_SHORTEST_INTERVAL_S = 10
_DAY_MS = 86_400_000
# A byte each fifth of a second, for longer than any client waits.
_DRIP_S, _DRIP_LIMIT_S = 0.2, 120


@dataclass(frozen=True)
class SimulatorSettings:
    """What is served; nothing here changes while it runs but the faults."""

    sites: tuple[str, ...] = ()
    """Default: ses_falls_city, or the name of the replayed folder."""
    points: int = 48
    interval_s: int = 60
    seed: int = 1
    api_key: str = "simulator-key"
    replay: Path | None = None
    anchor_ms: int | None = None
    """The moment at which the replayed data ends; default: when the simulator is made."""
    faults: Faults = field(default_factory=Faults)
    odd_share: float = 0.004
    """The share of generated values that are no numbers."""
    uniform_times: bool = False
    """Whole seconds and Z in all times; the vendor's CLI can export no other raw readings."""
    other_intervals: bool = True
    """Some points read every 30 s, 5 min or 15 min instead of every `interval_s`."""

    opened_days_ago: int | None = None
    """Nothing is read before the UTC day this many days before the anchor's; None: since ever."""

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ValueError(f"points must be 1 or more, not {self.points}")
        if self.interval_s < _SHORTEST_INTERVAL_S:
            raise ValueError(f"interval must be {_SHORTEST_INTERVAL_S} s or more, not {self.interval_s}")
        for site in self.site_names:
            if not _SITE_NAME.fullmatch(site):
                raise ValueError(
                    f"{site!r} is no site name: 2 to 64 letters, digits, dots, dashes, underscores"
                )

    @property
    def site_names(self) -> tuple[str, ...]:
        """The sites served."""
        return self.sites or (path_word(self.replay) if self.replay else "ses_falls_city",)

    def building(self, site: str, anchor_ms: int) -> Building:
        """What a site's readings come from."""
        if self.replay:
            return ReplayedBuilding(site, self.replay, self.seed, anchor_ms)
        return GeneratedBuilding(
            site,
            self.seed,
            self.points,
            self.interval_s,
            odd_share=self.odd_share,
            uniform_times=self.uniform_times,
            other_intervals=self.other_intervals,
        )


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    drips: bool = False
    """It never ends in time."""


def epoch_ms() -> int:
    """The machine's clock."""
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
        self._feeds = {
            site: SiteFeed(self.settings.building(site, self.anchor_ms), self._opened_us())
            for site in self.settings.site_names
        }
        self._api = AceApi(self._feeds, clock, self._draws)
        self._api.faults = self.settings.faults
        self._stats: dict[str, Counter[str]] = {}
        self._stats_lock = threading.Lock()
        self._server: _Server | None = None

    def _opened_us(self) -> int:
        days = self.settings.opened_days_ago
        return -(2**62) if days is None else (self.anchor_ms // _DAY_MS - days) * _DAY_MS * 1_000

    def start(self, port: int = 0) -> str:
        """Serves on 127.0.0.1 from a thread of its own and returns the API's base URL."""
        if self._server:
            raise RuntimeError("the simulator is serving already")
        self._server = _Server((HOST, port), self)
        self._server.serve()
        self.url = f"http://{HOST}:{self._server.server_address[1]}/api"
        return self.url

    def stop(self) -> None:
        """Stops serving and closes every connection; harmless when it does not serve."""
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
        """What goes wrong at present."""
        return self._api.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._api.faults = faults

    def put_samples(self, site: str, samples: Iterable[tuple[str, Value, str | int]]) -> None:
        """Serves (name, value, ISO time or ms) from now on, in place of what has its name and millisecond."""
        self._feeds[site].put(samples)

    def site_series(self, site: str, start_ms: int, end_ms: int, at_ms: int | None = None) -> Series:
        """What is served of [start, end) at a moment, default now: times in ms and raw values by name.

        Of faults, only `late` and put samples have a say in it.
        """
        at_us = 1_000 * (self.clock() if at_ms is None else at_ms)
        view = self._api.view(site, start_ms * 1_000, end_ms * 1_000, at_us=at_us)
        return self._feeds[site].series(view)

    def stats(self) -> dict[str, dict[str, int]]:
        """Requests to the API so far, by endpoint and status."""
        with self._stats_lock:
            return {endpoint: dict(statuses) for endpoint, statuses in self._stats.items()}

    def fault_counts(self) -> dict[str, int]:
        """How many answers `nan`, `bad_text`, `drip` and `listing_shift` have changed so far."""
        return self._draws.counts()

    def answer(self, method: str, target: str, authorization: str = "", body: bytes = b"") -> Answer:
        """The answer to one request, whichever way it came."""
        parts = urlsplit(target)
        # Unquoted after the split: a point's name holds slashes.
        root, *path = [unquote(part) for part in parts.path.strip("/").split("/")]
        if root != "api":
            return _answered(lambda: self._control(method, [root, *path], body))
        time.sleep(self.faults.delay)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        endpoint, call = self._api.route(method, path)
        found = self._refused(authorization) or self._maybe_broken(
            self._maybe_corrupted(_answered(lambda: call(query, body)), endpoint)
        )
        with self._stats_lock:
            self._stats.setdefault(endpoint, Counter())[str(found.status)] += 1
        return found

    def _refused(self, authorization: str) -> Answer | None:
        faults, draws = self.faults, self._draws
        if faults.status:
            return _refusal(faults.status)
        if authorization != f"Bearer {self.settings.api_key}":
            return _error(401, "missing or wrong API key")
        if draws.happens(faults.server_error):
            return _refusal((500, 502, 503)[draws.below(3)], html=draws.happens(0.5))
        return _refusal(429) if draws.happens(faults.rate_limited) else None

    def _maybe_corrupted(self, whole: Answer, endpoint: str) -> Answer:
        faults, draws, body = self.faults, self._draws, whole.body
        effects: list[str] = []
        for fault, rate, corrupt in (
            ("nan", faults.nan, corruption.with_nan),
            ("bad_text", faults.bad_text, corruption.with_bad_text),
        ):
            if whole.status == 200 and draws.happens(rate):
                before, body = body, corrupt(body, endpoint, draws)
                effects += [fault] * (body != before)
        drips = draws.happens(faults.drip)
        # Nobody sees what is wrong with an answer that drips.
        for fault in ["drip"] if drips else effects:
            draws.count(fault)
        return whole._replace(body=body, drips=drips)

    def _maybe_broken(self, whole: Answer) -> Answer:
        if whole.status == 200 and self._draws.happens(self.faults.garbage):
            return Answer(200, b"<html><body>Please sign in</body></html>", "text/html")
        if whole.status == 200 and self._draws.happens(self.faults.truncate):
            return whole._replace(body=whole.body[: len(whole.body) // 2])
        return whole

    def _control(self, method: str, path: Sequence[str], body: bytes) -> Any:
        match method, *path:
            case "GET", "control", "health":
                return {"status": "ok", "sites": list(self._feeds), "anchor_ms": self.anchor_ms}
            case "GET", "control", "stats":
                return self.stats()
            case "GET", "control", "fault_counts":
                return self.fault_counts()
            case "GET", "control", "faults":
                return self.faults.written()
            case "PUT", "control", "faults":
                self.faults = _asked_faults(body)
                return self.faults.written()
        raise RequestError(404, "no such endpoint")


def _asked_faults(body: bytes) -> Faults:
    found = json_object(body)
    try:
        return fault_texts.from_mapping(found)
    except ValueError as error:
        raise RequestError(422, str(error)) from None


def _answered(call: Callable[[], Any]) -> Answer:
    try:
        return Answer(200, orjson.dumps(call()))
    except RequestError as error:
        return _error(error.status, str(error))


def _error(status: int, text: str) -> Answer:
    return Answer(status, orjson.dumps({"error": text, "code": str(status)}))


def _refusal(status: int, *, html: bool = False) -> Answer:
    headers = (("Retry-After", "1"),) if status == 429 else ()
    if html:
        return Answer(status, f"<html><h1>{status}</h1></html>".encode(), "text/html", headers)
    return _error(status, "simulated fault")._replace(headers=headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self.ended = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def serve(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
        # Clients keep connections open, and their threads would go on answering.
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up in the middle of an answer is no news.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body leave in one piece.
    wbufsize = -1
    server: _Server

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.simulator.answer(
            self.command, self.path, self.headers.get("Authorization", ""), body
        )
        if found.drips:
            self._drip(found)
            return
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(found.body)))
        for name, value in found.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(found.body)

    def _drip(self, answer: Answer) -> None:
        """Sends headers and body byte by byte, but never the last, until one side gives up."""
        self.close_connection = True
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        data = head.encode() + answer.body
        for number in range(int(_DRIP_LIMIT_S / _DRIP_S)):
            self.wfile.write(data[number : number + 1] if number < len(data) - 1 else b"")
            self.wfile.flush()
            if self.server.ended.wait(_DRIP_S):
                return

    do_GET = do_POST = do_PUT = _respond

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted, not logged."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        settings = SimulatorSettings(
            sites=tuple(filter(None, asked.sites.split(","))),
            points=asked.points,
            interval_s=asked.interval,
            seed=asked.seed,
            api_key=asked.api_key,
            replay=asked.replay,
            anchor_ms=asked.anchor_ms,
            faults=fault_texts.parse(asked.faults),
            uniform_times=asked.uniform_times,
            opened_days_ago=asked.opened_days_ago,
        )
        simulator = Simulator(settings)
        url = simulator.start(asked.port)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print(f"{url} serves {', '.join(settings.site_names)}, anchor {simulator.anchor_ms}", flush=True)
    ended.wait()
    simulator.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    default = SimulatorSettings()
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description="A simulated ACE IoT API.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--points", type=int, default=default.points)
    parser.add_argument("--interval", type=int, default=default.interval_s, help="seconds")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--sites", default="", help="names, separated by commas")
    parser.add_argument("--api-key", default=default.api_key)
    parser.add_argument("--replay", type=Path, help="a folder of CSV files to serve instead")
    parser.add_argument("--anchor-ms", type=int, help="where the replayed data ends, default now")
    parser.add_argument("--faults", default="", help="such as 5xx=0.05,late=0.1,late_minutes=30")
    parser.add_argument("--opened-days-ago", type=int, help="nothing is read before")
    parser.add_argument("--uniform-times", action="store_true", help="write all times alike")
    return parser
