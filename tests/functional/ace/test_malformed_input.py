"""One bad value does not poison what travels with it: a page, a listing, an answer's headers, a batch."""

import dataclasses
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util.retry import Retry

from etl import app
from local.ace_simulator.faults import Faults
from tests.support.clock import Clock
from tests.support.lambda_context import lambda_context
from tests.support.raw_server import RawServer, answer, requests_on
from tests.support.sites import SITE
from tests.support.sync_queue import queue
from tests.support.syncing import assert_exact, checkpoint
from tests.support.world import World
from vitals.ace import bodies
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.ace.points import listed_from_ace
from vitals.aws.runtime import SYSTEM
from vitals.codec import lenient_json
from vitals.codec.lenient_json import MalformedEntry
from vitals.errors import InvalidRequestError, UpstreamUnavailableError
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import HOUR_MS, Span, floor_window, iso
from vitals.pipeline import acceptance
from vitals.pipeline.acceptance import accept
from vitals.pipeline.ingest import Ingest, Tally
from vitals.pipeline.page_spans import PagePlan

__all__ = ["queue"]

CONTEXT = lambda_context("etl")

NOON = 1_767_225_600_000 + 12 * HOUR_MS
AT = iso(NOON)
SPAN = Span(NOON - HOUR_MS, NOON)
GOOD = json.dumps({"name": "p", "value": "1.5", "time": AT})
ONCE = Retry(total=0, respect_retry_after_header=False)
TWICE = Retry(total=1, backoff_factor=0, respect_retry_after_header=False)


def page(*entries: str, has_more: bool = False) -> bytes:
    tail = '"next_cursor": "c", "has_more": true' if has_more else '"next_cursor": null, "has_more": false'
    return f'{{"point_samples": [{", ".join(entries)}], {tail}}}'.encode("utf-8", "surrogateescape")


@contextmanager
def serving(*answers: bytes, **settings: Any) -> Iterator[AceClient]:
    """A client of a server that gives each request the next of the answers, and the last for ever."""
    waiting = list(answers)

    def serve(connection: Any, number: int) -> None:
        for _ in requests_on(connection):
            connection.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    with RawServer(serve) as server:
        pace = Pace(60_000, burst=1_000)
        yield AceClient(server.url, "secret-key", pace, **{"retry": ONCE, **settings})


def pages_of(*bodies: bytes) -> list[Any]:
    with serving(*(answer(body) for body in bodies)) as ace:
        return [entry for entries in ace.pages("s", SPAN, list) for entry in entries]


# Pages.


@pytest.mark.parametrize("name", ["zzz", "p"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_bare_nan_costs_its_own_entry_alone(name: str, value: str) -> None:
    bad = GOOD.replace('"p"', f'"{name}"').replace('"1.5"', value)
    accepted = accept(pages_of(page(GOOD, bad, GOOD)), {"p": 7}, NOON)
    assert accepted.samples.values.tolist() == [1.5, 1.5]
    assert accepted.rejected == {acceptance.MALFORMED: 1}
    assert accepted.rejected_hours == ({(7, NOON)} if name == "p" else set())


@pytest.mark.parametrize("unused", ["NaN", '"cut \\ud83d"', '"\udcff"', '"\x01"', "[Infinity]", "1e999"])
def test_bad_values_in_unused_fields_cost_nothing(unused: str) -> None:
    entry = GOOD[:-1] + f', "quality": {unused}}}'
    accepted = accept(pages_of(page(entry)), {"p": 7}, NOON)
    assert (len(accepted.samples), accepted.rejected) == (1, {})


def test_malformed_entries_of_a_page_are_counted() -> None:
    accepted = accept(pages_of(page("null", "5", '{"name": []}', GOOD, "[]", '"x"')), {"p": 7}, NOON)
    assert len(accepted.samples) == 1
    assert accepted.rejected == {acceptance.MALFORMED: 5}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8-sig", "p"), ("utf-16", "Büro"), ("utf-32-le", "\U0001f321"), ("utf-8", "\ufffd")],
)
def test_a_page_in_another_encoding_is_read(encoding: str, name: str) -> None:
    body = page(GOOD.replace('"p"', f'"{name}"')).decode().encode(encoding)
    assert [entry["name"] for entry in pages_of(body)] == [name]


def test_malformed_entries_are_logged_once_for_each_page() -> None:
    warnings: list[tuple[str, dict[str, Any]]] = []
    bad = GOOD.replace('"1.5"', "undefined")
    first, second = page(GOOD, bad, bad, has_more=True), page("null", GOOD)
    with serving(
        answer(first), answer(second), warn=lambda text, **context: warnings.append((text, context))
    ) as ace:
        assert len([entry for entries in ace.pages("s", SPAN, list) for entry in entries]) == 5
    assert [(text, fields["malformed"]) for text, fields in warnings] == [
        ("malformed entries", 2),
        ("malformed entries", 1),
    ]
    assert [fields["path"] for _, fields in warnings] == [
        f"/sites/s/timeseries/paginated (page {number})" for number in (1, 2)
    ]
    assert f"Expecting value at byte {first.index(b'undefined')}, near" in warnings[0][1]["problem"]
    assert "entry 0" in warnings[1][1]["problem"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (page(GOOD)[:-20], "expecting the end of the body at byte"),
        (page(GOOD)[:45], "Unterminated string starting at byte 42"),
        (b"<html><body>Please sign in</body></html>", r"not a JSON object at byte 0, near '<html>"),
        (b"[1, 2]", r"expected a JSON object, got \[1, 2\]"),
        (
            page(GOOD, GOOD.replace('"1.5"', "NaN")).replace(b"false", b"NaN"),
            "'has_more' must be valid JSON at byte",
        ),
        (b"\xff\xfe\x00", "byte"),
    ],
)
def test_incomplete_bodies_are_retried_and_errors_located(body: bytes, problem: str) -> None:
    with serving(answer(body), answer(page(GOOD)), retry=TWICE) as ace:
        assert list(ace.pages("s", SPAN, list)) == [[json.loads(GOOD)]]
        assert ace.requests == 2
    with serving(answer(body)) as ace, pytest.raises(UpstreamUnavailableError, match=problem) as caught:
        list(ace.pages("s", SPAN, list))
    text = str(caught.value)
    assert text.startswith("/sites/s/timeseries/paginated (page 1): ")
    assert text.isascii()
    assert len(text) < 400
    assert "secret-key" not in text


def test_nan_and_bad_text_upstream_change_no_sample(world: World) -> None:
    world.simulator.faults = Faults(nan=1, bad_text=1, shuffle=0.5, duplicate=0.1)
    receipt = world.sync()
    assert receipt.caught_up
    assert receipt.isolated_failures == {}
    assert receipt.tally.rejected[acceptance.MALFORMED] >= 2
    assert checkpoint(world) == floor_window(world.clock())
    assert_exact(world)
    # A known site learns of new points as well.
    world.clock.forward(65)
    assert world.sync().isolated_failures == {}
    assert_exact(world)


def test_a_rejected_reading_is_noted_in_its_hour(world: World) -> None:
    world.sync()
    catalog = world.syncer.catalogs.load(SITE)
    point = next(point for point in catalog.active if not point.name.startswith("weather."))
    end = floor_window(world.clock())
    hour = Span(end - HOUR_MS, end)
    near, far = iso(hour.start_ms + 1_000), "9999-01-01T00:00:00Z"
    entries = [
        json.dumps({"name": point.name, "value": "BAD", "time": time}).replace('"BAD"', "NaN")
        for time in (near, far)
    ]
    world.simulator.faults = Faults(status=500)
    with serving(answer(page(*entries))) as ace:
        ingest = dataclasses.replace(world.syncer.ingest, ace=ace)
        ingest.fetch(SITE, catalog, hour, Tally())
    noted = ingest.ledger.rejected(SITE, Span(hour.start_ms - HOUR_MS, hour.end_ms))
    assert hour.start_ms // HOUR_MS * HOUR_MS in noted[point.id]
    assert point.id not in ingest.ledger.rejected(SITE, Span(NOON + 10**12, NOON + 10**12 + HOUR_MS))


# Listings, sites, weather.


def test_a_damaged_listing_still_lists_every_point() -> None:
    items = [
        '{"id": 1, "name": "a", "bacnet_data": {"present_value": NaN, "object_description": "cut \\ud83d"}}',
        '{"id": 2, "name": "b\\ud83d", "kv_tags": {"unit": "x"}}',
        '{"id": 3, "name": "c", "kv_tags": {"unit": "\udcb0F"}, "marker_tags": ["\udcff"]}',
        '{"id": 4, "name": "d", "collect_interval": undefined}',
        '{"id": 5, "name": "\ufffd", "collect_interval": Infinity}',
    ]
    body = f'{{"items": [{", ".join(items)}], "page": 1, "pages": 1, "total": 5}}'
    with serving(answer(body.encode("utf-8", "surrogateescape"))) as ace:
        listed = ace.configured_points("s").items
    points = [listed_from_ace(item) for item in listed]
    assert [point.name for point in points] == ["a", "c", "\ufffd"]
    assert [point.description for point in points] == ["cut \ufffd", "", ""]
    assert points[1].tags == ("unit=\ufffdF", "\ufffd")
    assert points[2].interval_s is None
    orjson.dumps([point.description for point in points])


def test_a_site_and_its_weather_survive_bad_values() -> None:
    site = b'{"id": 1, "latitude": NaN, "geo": 1.2.3, "nice_name": "Falls \\ud83d City\xff", "x": undefined}'
    with serving(answer(site)) as ace:
        assert ace.site("s")["nice_name"] == "Falls \ufffd City\ufffd"
    good = {"name": "w", "value": 1.5, "time": AT}
    weather = json.dumps(
        {
            "temp": good,
            "pressure": good | {"value": "BAD"},
            "clouds": None,
            "humidity": "WORSE",
            "wet_bulb": good,
        }
    )
    body = weather.replace('"BAD"', "NaN").replace('"WORSE"', '{"value": 1.2.3}').encode()
    with serving(answer(body)) as ace:
        accepted = accept(ace.weather("s"), {"weather.temperature": 1, "weather.pressure": 2}, NOON)
    assert accepted.samples.ids.tolist() == [1]
    assert accepted.rejected == {acceptance.MALFORMED: 2, acceptance.NOT_CONFIGURED: 1}
    assert accepted.rejected_hours == {(2, NOON)}


@pytest.mark.parametrize(
    ("nice_name", "display_name"),
    [
        (b'"Falls City"', "Falls City"),
        *(
            (bad, SITE)
            for bad in (b"NaN", b"undefined", b'{"a": 1}', b"5", b"true", b"[]", b"null", b'""', b'" "')
        ),
    ],
)
def test_only_text_becomes_the_name_of_a_site(world: World, nice_name: bytes, display_name: str) -> None:
    with serving(answer(b'{"nice_name": %b}' % nice_name)) as ace:
        site = ace.site(SITE)
    world.syncer.ingest.ace.site = lambda _: site  # type: ignore[method-assign]
    world.sync(max_steps=1)
    record = world.syncer.sites.load(SITE)
    assert record is not None
    assert record.display_name == display_name


def test_a_weather_of_nan_is_counted_and_logged() -> None:
    warnings: list[dict[str, Any]] = []
    body = json.dumps({"temp": float("nan"), "clouds": None}).encode()
    with serving(answer(body), warn=lambda _, **fields: warnings.append(fields)) as ace:
        accepted = accept(ace.weather("s"), {"weather.temperature": 1}, NOON)
    assert accepted.rejected == {acceptance.MALFORMED: 1}
    assert [(fields["path"], fields["malformed"]) for fields in warnings] == [("/sites/s/weather", 1)]


@pytest.mark.parametrize("tail", ['"total": 3', '"per_page": 100', '"page": 1', '"pages": 1, "total": 3'])
def test_a_listing_with_nan_uses_the_counts_present(tail: str) -> None:
    items = ", ".join(f'{{"id": {number}, "name": "p{number}", "x": NaN}}' for number in range(3))
    with serving(answer(f'{{"items": [{items}], {tail}}}'.encode())) as ace:
        result = ace.configured_points("s")
    assert ([item["name"] for item in result.items], result.steady) == (["p0", "p1", "p2"], True)


def test_a_page_with_nan_without_more_is_last() -> None:
    bad = GOOD.replace('"1.5"', "NaN")
    entries = pages_of(f'{{"point_samples": [{GOOD}, {bad}]}}'.encode())
    assert entries == [json.loads(GOOD), MalformedEntry("p", AT)]


def test_a_malformed_body_beyond_the_limit_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = page(GOOD, GOOD.replace('"1.5"', "NaN"))
    monkeypatch.setattr(bodies, "MAX_MALFORMED_BYTES", len(body))
    assert len(pages_of(body)) == 2
    monkeypatch.setattr(bodies, "MAX_MALFORMED_BYTES", len(body) - 1)
    with pytest.raises(UpstreamUnavailableError, match=rf"invalid JSON in a body of .* of {len(body)}"):
        pages_of(body)
    assert len(pages_of(page(*[GOOD] * 5))) == 5


def test_a_malformed_body_is_read_until_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[bool] = []
    original = lenient_json.read

    def read(data: bytes, form: Any, late: Any) -> Any:
        ends.append(late())
        return original(data, form, lambda: True)

    monkeypatch.setattr(lenient_json, "read", read)
    with pytest.raises(UpstreamUnavailableError, match="no time left to read what is malformed at byte"):
        pages_of(page(GOOD.replace('"1.5"', "NaN")))
    assert ends == [False]


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [10**400, -(10**400), float("inf"), float("nan"), "9" * 5_000, "1e400", "", "NaN", "p", AT]
    )
    | st.floats()
    | st.text(max_size=5)
    | st.builds(
        MalformedEntry, st.sampled_from(["p", "q"]), st.sampled_from([AT, "", "9999-12-31T23:59:59Z", "x"])
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
HOSTILE_READING = (
    st.fixed_dictionaries({}, optional=dict.fromkeys(["name", "value", "time"], HOSTILE)) | HOSTILE
)
HOSTILE_ITEM = st.fixed_dictionaries(
    {"name": st.text(min_size=1)},
    optional=dict.fromkeys(["kv_tags", "marker_tags", "bacnet_data", "collect_interval"], HOSTILE)
    | {
        "bacnet_data": st.dictionaries(
            st.sampled_from(["object_units", "object_name", "device_name"]), HOSTILE
        )
    },
)


@given(st.lists(HOSTILE_READING, max_size=5), st.integers(0, 5))
def test_no_reading_costs_those_beside_it(hostile: list[Any], row: int) -> None:
    good = {"name": "good", "value": "1.5", "time": AT}
    accepted = accept([*hostile[:row], good, *hostile[row:]], {"p": 1, "good": 2}, NOON)
    assert (accepted.samples.ids == 2).sum() == 1
    assert len(accepted.samples) + accepted.rejected.total() == len(hostile) + 1


@given(HOSTILE_ITEM)
def test_every_listed_item_with_a_name_becomes_point(item: dict[str, Any]) -> None:
    point = listed_from_ace(item)
    assert point.name == item["name"]
    assert all(isinstance(text, str) for text in (point.unit, point.description, *point.tags))


# Headers.

BAD_ANSWERS = {
    "a status line that is none": b"HTTP/1.1 banana\r\n\r\n",
    "no HTTP": b"\x00\x01\x02\r\n\r\n",
    "a header line of 70 kB": answer(b"{}", "X-Long: " + "x" * 70_000),
    "more than a hundred headers": answer(b"{}", *[f"X-{number}: x" for number in range(150)]),
    "two lengths": answer(page(GOOD), "Content-Length: 7"),
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\nConnection: close\r\n\r\n{",
    "gzip that is none": answer(page(GOOD), "Content-Encoding: gzip"),
    "deflate that is none": answer(page(GOOD), "Content-Encoding: deflate"),
    "a redirect to nowhere": answer(b"", "Location: http://[", status="503 Busy"),
    "a chunk of no length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbanana\r\n",
    "a chunk that ends early": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\r\n0\r\n\r\n",
}


def parts_before(error: type[Exception], match: str, ace: AceClient) -> list[list[float]]:
    """The values of the parts that an ingest reads before the error."""
    catalog = Catalog((Point(7, ListedPoint("p")),))
    ingest = Ingest(ace, None, None, lambda: NOON, SYSTEM.pool)  # type: ignore[arg-type]
    parts: list[list[float]] = []
    with pytest.raises(error, match=match):
        for batch in ingest.read("s", catalog, PagePlan((SPAN,), 100), Tally()):
            parts.append(batch.values.tolist())
    return parts


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_an_unreadable_page_is_retried_and_others_stay(kind: str) -> None:
    def serve(connection: Any, number: int) -> None:
        next(requests_on(connection), None)
        first = answer(page(GOOD, has_more=True), "Connection: close")
        connection.sendall(first if number == 1 else BAD_ANSWERS[kind])

    with RawServer(serve) as server:
        ace = AceClient(server.url, "key", Pace(60_000, burst=100), retry=TWICE, remaining_s=lambda: 30)
        parts = parts_before(UpstreamUnavailableError, r"\(page 2\).*after 1 retries", ace)
        assert (parts, ace.requests) == ([[1.5]], 3)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "9" * 5_000,
        "-5",
        "NaN",
        "1.5",
        "\xe9\xff",
        "",
        "Mon, 99 Foo 2026 99:99:99 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "0",
    ],
)
@pytest.mark.parametrize("status", ["408 Slow", "425 Early", "429 Busy", "500 No", "503 No"])
def test_an_unreadable_retry_after_is_ignored(text: str, status: str) -> None:
    busy = answer(b"", f"Retry-After: {text}", status=status)
    retry = Retry(total=1, backoff_factor=0)
    with serving(busy, answer(page(GOOD)), retry=retry) as ace:
        assert len(list(ace.pages("s", SPAN, list))) == 1
        assert ace.requests == 2


@pytest.mark.parametrize("text", ["3600", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_long_wait_is_reported_as_sent(text: str) -> None:
    busy = answer(b"", f"Retry-After: {text}", status="429 Busy")
    with serving(busy, retry=Retry(total=3)) as ace, pytest.raises(UpstreamUnavailableError) as caught:
        ace.site("s")
    assert f"answered 429; too long to wait: Retry-After: {text}" in str(caught.value)
    assert ace.requests == 1


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("bug"), OverflowError("x"), UpstreamUnavailableError("y")]
)
def test_what_came_before_any_error_is_kept(error: Exception) -> None:
    class Breaking(AceClient):
        def pages(self, site: str, span: Span, accept: Any, *_: Any) -> Any:
            yield accept([json.loads(GOOD)])
            raise error

    assert parts_before(type(error), str(error), Breaking("http://ace", "key", Pace(60))) == [[1.5]]


# Batches.


def test_broken_messages_fail_alone_and_are_logged(
    queue: str, dynamodb: Any, clock: Clock, logged: list[logging.LogRecord]
) -> None:
    broken = ["", "{", "[]", "null", "5", '"x"', '{"site": NaN}', "[" * 100_000, "\ud800", "\x00"]
    bodies = [json.dumps({"site": SITE}), *broken, json.dumps({"site": SITE})]
    event = {
        "Records": [
            {"messageId": str(number), "body": text, "eventSource": "aws:sqs"}
            for number, text in enumerate(bodies)
        ]
    }
    failures = [{"itemIdentifier": str(number)} for number in range(1, len(broken) + 1)]
    assert app.handler(event, CONTEXT) == {"batchItemFailures": failures}
    failed = [record.__dict__ for record in logged if record.getMessage() == "sync failed"]
    assert [fields["error"] for fields in failed] == [InvalidRequestError.__name__] * len(broken)
