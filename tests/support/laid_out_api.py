"""An API for the page whose values a test lays out: no stack is needed."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route

from tests.support.local_stack import ROOT
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.timespan import HOUR_MS, MINUTE_MS, Span, iso, parse_iso

BUILT = ROOT / "functions" / "query" / "web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ADDRESS = "http://vitals.test"
SITE = "mill"
FROM_MS = 1_767_225_600_000


class LaidOutApi:
    """Answers the page's requests with its files and with the values that a test lays out."""

    def __init__(self) -> None:
        self.values: dict[str, Sequence[float]] = {}
        self.units: dict[str, str] = {}
        # The fields of a point that differ from those of `point`.
        self.fields: dict[str, dict[str, Any]] = {}
        # The fields of a series that differ from those of `series`.
        self.series_fields: dict[str, dict[str, Any]] = {}
        self.timezone = "UTC"
        # The minute at which the values of a point begin.
        self.first: dict[str, int] = {}
        self.banded = False
        self.holding = False
        self.queries: list[tuple[str, list[str]]] = []
        self.requests: list[dict[str, Any]] = []
        self.summaries: list[dict[str, Any]] = []
        # The statistics of a point that begin at a time, beside those of `summary`.
        self.statistics: Callable[[str, str], dict[str, float]] = lambda _name, _start: {}
        # What a bucket that begins at a time has, of every point.
        self.bucket: Callable[[int], float] = float
        self._held: list[Route] = []

    def answer(self, route: Route) -> None:
        if self.holding and "/timeseries/query" in route.request.url:
            self._held.append(route)
        else:
            self._answer(route)

    def release(self) -> None:
        """Answers the queries that were held."""
        self.holding = False
        while self._held:
            self._answer(self._held.pop(0))

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        path = url.path.removeprefix("/")
        file = BUILT / (path or "index.html")
        if file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "text/plain"))
        else:
            query = parse_qs(url.query, keep_blank_values=True, errors="strict")
            text = json.dumps(self.json(path, query, json.loads(route.request.post_data_buffer or b"{}")))
            # JSON has numbers that no double holds.
            route.fulfill(body=text.replace("Infinity", "1e999"), content_type="application/json")

    def json(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        match path.split("/"):
            case ["sites"]:
                return {"sites": [self.site()]}
            case ["sites", _, "points"]:
                wanted = query.get("search", [""])[0]
                return {
                    "points": [self.point(name) for name in self.units if wanted in name],
                    "next_token": None,
                }
            case ["sites", _, "views"]:
                return {"site_name": SITE, "views": []}
            case ["sites", _, "latest"]:
                return {"site_name": SITE, "latest": self.latest(), "next_token": None, "warnings": []}
            case ["sites", _, "tags"]:
                return {"site_name": SITE, "tags": [], "equipment": []}
            case ["timeseries", "query"]:
                method, names = ("POST", body["point_names"]) if body else ("GET", query["point_name"])
                self.queries.append((method, names))
                request = body or {name: texts[0] for name, texts in query.items()}
                self.requests.append(request | {"point_names": names})
                start, end = self.span(query, body)
                if "measure" in request:
                    return self.samples(names, start, end) | self.buckets(names, request)
                return self.samples(names, start, end)
            case ["timeseries", "summary"]:
                self.summaries.append(body)
                return {"points": [self.summary(name, body) for name in body["point_names"]]}
        raise AssertionError(f"no answer is laid out for {path}")

    def span(self, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[str, str]:
        request = body or {name: values[0] for name, values in query.items()}
        return request["start_time"], request["end_time"]

    def site(self) -> dict[str, Any]:
        until = iso(FROM_MS + HOUR_MS)
        return {
            "site_name": SITE,
            "display_name": "Mill",
            "status": "enabled",
            "timezone": self.timezone,
            "units": "source",
            "points": len(self.units),
            "synced_from": iso(FROM_MS),
            "synced_until": until,
            "lag_seconds": 60,
        }

    def point(self, name: str) -> dict[str, Any]:
        return {
            "point_name": name,
            "display_name": name,
            "unit": self.units[name],
            "tags": [],
            "interval_seconds": 60,
            "description": "",
            "device": None,
            "equipment": None,
            "kind": "analog",
        } | self.fields.get(name, {})

    def latest(self) -> list[dict[str, Any]]:
        return [
            {"point_name": name, "timestamp": FROM_MS, "value": values[-1], "unit": self.units[name]}
            for name, values in self.values.items()
            if values
        ]

    def samples(self, names: Sequence[str], start: str, end: str) -> dict[str, Any]:
        series = [self.series(name) for name in names]
        count = sum(len(column["values"]) for column in series)
        cost = dict.fromkeys(("read_units", "requests", "bytes", "bytes_scanned", "micro_dollars"), 1)
        metadata = {
            "total_samples": count,
            "sources": ["hot"],
            "query_time_ms": 1,
            "cache_hit": False,
            "next_token": None,
            "method": "m4",
            "samples_read": count,
            "samples_returned": count,
            "cost": cost,
        }
        return {
            "site_name": SITE,
            "start_time": start,
            "end_time": end,
            "resolution": "1h" if self.banded else "raw",
            "data_type": "aggregate" if self.banded else "raw",
            "series": series,
            "metadata": metadata,
            "warnings": [],
        }

    def buckets(self, names: Sequence[str], request: dict[str, Any]) -> dict[str, Any]:
        """The whole buckets of a request, the last of them partial, each with what `bucket` has of it."""
        span = Span(parse_iso(request["start_time"]), parse_iso(request["end_time"]))
        edges = Calendar(Interval.parse(request["resolution"]), request["timezone"]).edges(span).tolist()
        starts, ends = edges[:-1], edges[1:]
        is_mean = request["measure"] == "mean"
        values = [self.bucket(start) for start in starts]
        columns = {
            "timestamps": starts,
            "values": values,
            "count": [60 for _ in starts],
            "known": [1.0 for _ in starts],
            "partial": [len(starts) - 1],
            **({"min": values, "max": values, "first": values, "last": values} if is_mean else {}),
            **({} if request["resolution"].endswith(("m", "h")) else {"ends": ends}),
        }
        return {
            "resolution": request["resolution"],
            "data_type": "aggregate",
            "measure": request["measure"],
            "series": [self.series(name) | columns | self.series_fields.get(name, {}) for name in names],
        }

    def summary(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        keys = ("min", "max", "mean", "last", "increase", "runtime", "known")
        head = {"point_name": name, "unit": self.units[name]}
        return head | dict.fromkeys(keys) | self.statistics(name, request["start_time"])

    def series(self, name: str) -> dict[str, Any]:
        # A request of the view before may still come.
        values, first = list(self.values.get(name, [7.5])), self.first.get(name, 0)
        band = {bound.__name__: [bound(values) for _ in values] for bound in (min, max)}
        return {
            "point_name": name,
            "timestamps": [FROM_MS + (first + minute) * MINUTE_MS for minute in range(len(values))],
            "values": values,
            "gaps": [],
            "coverage": {"expected": 60, "received": 60},
            **(band if self.banded else {}),
            **self.series_fields.get(name, {}),
        }
