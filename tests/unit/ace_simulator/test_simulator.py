"""The simulated upstream."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import numpy as np
import orjson
import pytest

from local.ace_simulator import faults as fault_texts
from local.ace_simulator.buildings.generated import GeneratedBuilding
from local.ace_simulator.buildings.readings import microseconds
from local.ace_simulator.buildings.replayed import ReplayedBuilding
from local.ace_simulator.command import main
from local.ace_simulator.faults import Faults
from local.ace_simulator.responses import Response
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator

ROOT = Path(__file__).resolve().parents[3]
NOON = 1_767_268_800_000
MINUTE = 60_000
SITE = "ses_falls_city"
SERIES = f"/api/sites/{SITE}/timeseries/paginated"
BEARER = "Bearer simulator-key"


@dataclass
class Clock:
    now_ms: int = NOON

    def __call__(self) -> int:
        return self.now_ms


def iso(ms: int) -> str:
    return str(np.datetime64(ms, "ms")) + "Z"


def simulator(clock: Clock | None = None, **settings: Any) -> Simulator:
    return Simulator(SimulatorSettings(**settings), clock or Clock())


def ask(served: Simulator, path: str, **query: Any) -> Response:
    return served.respond("GET", f"{path}?{urlencode(query)}" if query else path, BEARER)


def fetched(served: Simulator, path: str, **query: Any) -> Any:
    response = ask(served, path, **query)
    assert response.status == 200, response
    return json.loads(response.body)


def window(minutes: int = 20, end_ms: int = NOON, **query: Any) -> dict[str, Any]:
    return {
        "start_time": iso(end_ms - minutes * MINUTE),
        "end_time": iso(end_ms),
        "raw_data": "true",
        "page_size": 100,
        **query,
    }


def pages(served: Simulator, query: Mapping[str, Any], tries: int = 1) -> Iterator[dict[str, Any]]:
    """Yields the pages of one request, each requested up to `tries` times."""
    query = dict(query)
    while True:
        for _ in range(tries):
            response = ask(served, SERIES, **query)
            try:
                page = json.loads(response.body)
            except ValueError:
                continue
            if response.status == 200:
                break
        else:
            raise AssertionError(f"no page after {tries} tries: {response}")
        yield page
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]


def samples(served: Simulator, query: Mapping[str, Any], tries: int = 1) -> list[tuple[str, int, Any]]:
    readings = [sample for page in pages(served, query, tries) for sample in page["point_samples"]]
    return [(s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in readings]


def truth(served: Simulator, minutes: int = 20, at_ms: int | None = None) -> Counter[tuple[str, int, Any]]:
    series = served.site_series(SITE, NOON - minutes * MINUTE, NOON, at_ms)
    return Counter(
        (name, time_ms, value)
        for name, (times, values) in series.items()
        for time_ms, value in zip(times.tolist(), values, strict=True)
    )


def rows(building: GeneratedBuilding | ReplayedBuilding, start_ms: int, end_ms: int) -> set[Any]:
    readings = building.readings(start_ms * 1_000, end_ms * 1_000)
    return set(
        zip(
            readings.series.tolist(),
            building.times(readings),
            map(str, building.values(readings)),
            strict=True,
        )
    )


def generated(seed: int = 1, points: int = 120, **settings: Any) -> GeneratedBuilding:
    return GeneratedBuilding(SITE, seed, points, 60, **settings)


def of_quantity(building: GeneratedBuilding, text: str, hours: int = 24) -> Iterator[list[Any]]:
    readings = building.readings((NOON - hours * 60 * MINUTE) * 1_000, NOON * 1_000)
    for number, point in enumerate(building.points):
        if point.quantity.text == text:
            yield building.values(readings[readings.series == number])


def test_readings_do_not_depend_on_how_they_are_asked_for() -> None:
    whole = rows(generated(), NOON - 60 * MINUTE, NOON)
    cuts = [NOON - 60 * MINUTE, NOON - 47 * MINUTE + 123, NOON - 13, NOON]
    other = generated()
    parts = [rows(other, start, end) for start, end in reversed(list(pairwise(cuts)))]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_another_seed_and_another_site_read_otherwise() -> None:
    here = rows(generated(), NOON - 5 * MINUTE, NOON)
    assert rows(generated(seed=2), NOON - 5 * MINUTE, NOON) != here
    elsewhere = GeneratedBuilding("ses_salem", 1, 120, 60)
    assert rows(elsewhere, NOON - 5 * MINUTE, NOON) != here


def test_zone_temperatures_are_widened_float32() -> None:
    numbers = [float(text) for text in next(of_quantity(generated(odd_share=0), "Zone temperature"))]
    assert all(float(np.float32(number)) == number for number in numbers)
    assert any(len(repr(number)) > 15 for number in numbers)
    assert 55 < min(numbers) < max(numbers) < 90


def test_counters_never_fall_and_setpoints_step() -> None:
    building = generated(odd_share=0)
    for texts in of_quantity(building, "Energy"):
        assert np.all(np.diff([float(text) for text in texts]) >= 0)
    setpoints = next(of_quantity(building, "Cooling setpoint"))
    assert 2 <= len(set(setpoints)) <= 4
    assert sum(a != b for a, b in pairwise(setpoints)) <= 12


def test_states_are_written_in_several_ways() -> None:
    written = {value for values in of_quantity(generated(odd_share=0), "Fan status") for value in values}
    assert {"active", "inactive", "true", "false", "on", "off", True, False} <= written


def test_values_that_are_no_numbers_are_few() -> None:
    building = generated(odd_share=0.02)
    readings = building.readings((NOON - 600 * MINUTE) * 1_000, NOON * 1_000)
    odd = Counter(v for v in building.values(readings) if v in (None, "", "NaN", "Infinity", "fault text"))
    assert len(odd) == 5
    assert odd.total() / len(readings) == pytest.approx(0.02, rel=0.2)


def test_names_are_odd_and_no_two_are_alike() -> None:
    names = [point.name for point in generated(points=4_583).points]
    assert len(set(names)) == len(names) == 4_583 + 3
    assert names[0] == "ses/ses_falls_city/8000:33-8033/analogInput/100"
    for mark in (" ", "#", "%", "ß"):
        assert any(mark in name for name in names[:48])


def test_times_come_in_several_forms_that_mean_what_they_should() -> None:
    building = generated()
    readings = building.readings((NOON - 30 * MINUTE) * 1_000, NOON * 1_000)
    texts = building.times(readings)
    assert [microseconds(text) for text in texts] == readings.time_us.tolist()
    shapes = {re.sub(r"\d", "0", text[19:]) for text in texts}
    assert shapes == {"Z", ".000000Z", "+00:00", ".000+00:00"}
    assert any(text.endswith("+02:00") for text in texts)
    assert {point.interval_s for point in building.points} == {30, 60, 300, 900}


def test_uniform_times_are_whole_seconds_in_utc() -> None:
    building = generated(uniform_times=True)
    texts = building.times(building.readings((NOON - 30 * MINUTE) * 1_000, NOON * 1_000))
    assert {len(text) for text in texts} == {20}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two rooms with a reading a minute, a gap, a missing cell and a longer row."""
    there = tmp_path / "lab"
    there.mkdir()
    (there / "r1.csv").write_text(
        "timestamp,co2,temp\n"
        "2013-08-26 00:00:00,457.0833333333333,24.375833333333333\n"
        "2013-08-26 00:01:00,,24.382499999999997\n"
        "2013-08-26 00:03:00,458.1666666666667,24.4\n"
    )
    (there / "r2.csv").write_text("timestamp,pir\n2013-08-26 00:01:00,0.0\n2013-08-26 00:02:00,1e-05,7\n")
    return there


def test_a_replay_ends_at_its_anchor_and_repeats_both_ways(folder: Path) -> None:
    building = ReplayedBuilding("lab", folder, 1, NOON + 30_500)
    assert [point.name for point in building.points] == [
        "lab/lab/r1/co2",
        "lab/lab/r1/temp",
        "lab/lab/r2/pir",
    ]
    assert rows(building, NOON - 3 * MINUTE, NOON + 1) == {
        (0, iso_s(NOON - 3 * MINUTE), "457.0833333333333"),
        (0, iso_s(NOON), "458.1666666666667"),
        (1, iso_s(NOON - 3 * MINUTE), "24.375833333333333"),
        (1, iso_s(NOON - 2 * MINUTE), "24.382499999999997"),
        (1, iso_s(NOON), "24.4"),
        (2, iso_s(NOON - 2 * MINUTE), "0.0"),
        (2, iso_s(NOON - 1 * MINUTE), "1e-05"),
    }
    assert building.period_us == 4 * MINUTE * 1_000
    for turn in (-700, -1, 1, 3):
        later = rows(building, NOON + (4 * turn - 3) * MINUTE, NOON + (4 * turn + 1) * MINUTE)
        assert len(later) == 7
        assert (0, iso_s(NOON + 4 * turn * MINUTE), "458.1666666666667") in later


def iso_s(ms: int) -> str:
    return str(np.datetime64(ms // 1_000, "s")) + "Z"


def test_a_restart_with_the_same_anchor_replays_the_same(folder: Path) -> None:
    first = simulator(Clock(NOON + 25_000), replay=folder)
    again = simulator(Clock(NOON + 99 * MINUTE), replay=folder, anchor_ms=first.anchor_ms)
    at_ms = NOON + 50 * MINUTE
    before, after = (s.site_series("lab", NOON - 60 * MINUTE, at_ms, at_ms) for s in (first, again))
    assert {name: (t.tolist(), v) for name, (t, v) in before.items()} == {
        name: (t.tolist(), v) for name, (t, v) in after.items()
    }
    assert sum(len(values) for _, values in before.values()) == pytest.approx(110 / 4 * 7, abs=7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,co2\n", "header"),
        ("timestamp\n", "header"),
        ("timestamp,co2,co2\n", "must be unique"),
        ("timestamp,co2\nyesterday,4\n", r"a\.csv:2: 'yesterday' must be an ISO 8601 time"),
        ("timestamp,co2\n", "at least one reading"),
    ],
)
def test_a_folder_that_cannot_be_replayed_says_why(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        ReplayedBuilding("lab", tmp_path, 1, NOON)


def test_an_empty_folder_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must contain a CSV file"):
        ReplayedBuilding("lab", tmp_path, 1, NOON)


def test_any_file_name_makes_points_that_can_be_listed(folder: Path) -> None:
    for name in ("room-a", "AHU-99999999", "Büro 3 #1"):
        (folder / f"{name}.csv").write_text("timestamp,x\n2013-08-26 00:00:00,1\n")
    items = fetched(simulator(replay=folder), "/api/points", per_page=500)["items"]
    assert {item["bacnet_data"]["device_id"] for item in items} == {1}
    assert "lab/lab/Büro 3 #1/x" in {item["name"] for item in items}


@pytest.mark.skipif(not (ROOT.parent / "shared/data/sdh").is_dir(), reason="the measured data is not here")
def test_measured_rooms_are_replayed_digit_for_digit() -> None:
    folder = ROOT.parent / "shared/data/sdh"
    served = simulator(replay=folder).site_series("sdh", NOON - 10 * MINUTE, NOON + 1)
    for path in folder.glob("*.csv"):
        header, *lines = path.read_text().splitlines()
        last = lines[-1].split(",")
        for sensor, text in zip(header.split(",")[1:], last[1:], strict=True):
            times, values = served[f"sdh/sdh/{path.stem}/{sensor}"]
            assert (times[-1], values[-1]) == (NOON, text)


def test_a_text_of_faults_is_read() -> None:
    assert fault_texts.parse("5xx=0.05, 429=0.02,late=1,late_minutes=30,status=404") == Faults(
        server_error=0.05, rate_limited=0.02, late=1, late_minutes=30, status=404
    )
    assert fault_texts.parse("") == Faults()
    everything = Faults(shuffle=1, repeat_cursor=0.5)
    assert fault_texts.from_mapping(everything.by_name()) == everything


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lateness=1", "there is no fault 'lateness'"),
        ("empty", "'empty' must be name=number"),
        ("empty=often", "empty must be a number, not 'often'"),
        ("empty=1.5", "empty must be a rate from 0 to 1, not 1.5"),
        ("empty=nan", "empty must be a rate from 0 to 1, not nan"),
        ("5xx=-0.1", "5xx must be a rate from 0 to 1, not -0.1"),
        ("late_minutes=-1", "late_minutes must be minutes from 0"),
        ("delay=61", "delay must be seconds from 0 to 60"),
        ("status=200", "status must be 0, or from 400 to 599, not 200"),
        ("status=404.5", "status must be a whole number"),
        ("status=inf", "status must be a whole number"),
        ("late=1,late=1", "set only once"),
    ],
)
def test_faults_that_make_no_sense_are_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fault_texts.parse(text)


@pytest.mark.parametrize("settings", [{"points": 0}, {"interval_s": 1}, {"sites": ("a/b",)}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SimulatorSettings(**settings)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/sites/nowhere", {}, 404),
        ("/api/sites/nowhere/configured_points", {}, 404),
        ("/api/nothing", {}, 404),
        ("/control/nothing", {}, 404),
        (f"/api/sites/{SITE}/configured_points", {"per_page": 101}, 422),
        (f"/api/sites/{SITE}/configured_points", {"per_page": 0}, 422),
        ("/api/sites", {"page": "one"}, 422),
        (SERIES, window(page_size=200), 422),
        (SERIES, window(raw_data="maybe"), 422),
        (SERIES, window(start_time="yesterday"), 422),
        (SERIES, window(end_time=iso(NOON - 99 * MINUTE)), 422),
        (SERIES, {"page_size": 100}, 422),
        (SERIES, window(cursor="abc"), 422),
    ],
)
def test_wrong_requests_are_refused(path: str, query: dict[str, Any], status: int) -> None:
    response = ask(simulator(), path, **query)
    assert response.status == status
    assert json.loads(response.body)["error"]


def test_a_wrong_key_is_refused_and_a_site_may_be_percent_encoded() -> None:
    served = simulator(sites=("old.site-1",), api_key="another")
    assert served.respond("GET", "/api/sites", "Bearer simulator-key").status == 401
    assert served.respond("GET", "/api/sites").status == 401
    assert served.respond("GET", "/api/sites/old%2Esite%2D1", "Bearer another").status == 200


def test_a_cursor_serves_only_the_request_it_was_given_for() -> None:
    served = simulator()
    cursor = fetched(served, SERIES, **window())["next_cursor"]
    assert ask(served, SERIES, **window(minutes=10, cursor=cursor)).status == 422


@pytest.mark.parametrize("size", [3, 50, 500, 100_000])
def test_pages_hold_every_reading_once(size: int) -> None:
    served = simulator(points=12)
    read = list(pages(served, window(page_size=size)))
    assert all(len(page["point_samples"]) == size for page in read[:-1])
    assert Counter(samples(served, window(page_size=size))) == truth(served)


def test_the_end_is_not_part_of_the_range() -> None:
    served = simulator(Clock(NOON + MINUTE))
    first, second = (samples(served, window(10, end)) for end in (NOON - 5 * MINUTE, NOON + 5 * MINUTE))
    assert not {(name, time_ms) for name, time_ms, _ in first} & {
        (name, time_ms) for name, time_ms, _ in second
    }
    assert NOON - 5 * MINUTE in {time_ms for _, time_ms, _ in second}
    assert max(time_ms for _, time_ms, _ in first) < NOON - 5 * MINUTE


def test_pages_stay_put_while_the_clock_faults_and_readings_move() -> None:
    clock = Clock(NOON - 2 * MINUTE)
    served = simulator(clock)
    expected = truth(served)
    walk = pages(served, window())
    read = list(next(walk)["point_samples"])
    clock.now_ms += 30 * MINUTE
    served.faults = Faults(shuffle=1, late=1, late_minutes=60)
    served.put_samples(SITE, [("new", "1", NOON - 19 * MINUTE)])
    read += [sample for page in walk for sample in page["point_samples"]]
    assert Counter((s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in read) == expected


def test_nothing_of_the_future_is_served() -> None:
    served = simulator(Clock(NOON - 7 * MINUTE))
    assert max(time_ms for _, time_ms, _ in samples(served, window())) <= NOON - 7 * MINUTE
    assert samples(served, window(3)) == []
    assert served.site_series(SITE, NOON - 3 * MINUTE, NOON) == {}


def test_a_last_page_ends_in_three_ways() -> None:
    served = simulator(points=1)
    ends = [fetched(served, SERIES, **window(1)).get("next_cursor", "missing") for _ in range(40)]
    assert set(ends) == {None, "", "missing"}


def test_averages_are_means_of_five_minutes() -> None:
    served = simulator(points=20)
    averages = {(name, time_ms): float(v) for name, time_ms, v in samples(served, window(raw_data="false"))}
    assert {time_ms % (5 * MINUTE) for _, time_ms in averages} == {0}
    name = "ses/ses_falls_city/8000:33-8033/analogInput/100"
    times, values = served.site_series(SITE, NOON - 20 * MINUTE, NOON - 15 * MINUTE)[name]
    assert len(times) == 5
    assert averages[name, NOON - 20 * MINUTE] == pytest.approx(sum(map(float, values)) / 5)


def test_listed_points_are_the_configured_ones_and_more_are_in_the_readings() -> None:
    served = simulator()
    listed = [
        item
        for page in (1, 2, 3)
        for item in fetched(served, f"/api/sites/{SITE}/configured_points", page=page, per_page=20)["items"]
    ]
    names = {item["name"] for item in listed}
    assert len(names) == len(listed) == 48
    assert len({name for name, _, _ in truth(served)} - names) == 3
    assert fetched(served, "/api/points", per_page=500)["total"] == 51


def test_one_point_is_found_by_its_encoded_name() -> None:
    served = simulator()
    name = next(p["name"] for p in fetched(served, "/api/points", per_page=500)["items"] if "#" in p["name"])
    path = f"/api/points/{quote(name, safe='')}"
    assert fetched(served, path)["name"] == name
    query = window()
    assert {s["name"] for s in fetched(served, f"{path}/timeseries", **query)["point_samples"]} == {name}
    body = json.dumps({"points": [name]}).encode()
    several = served.respond("POST", f"/api/points/get_timeseries?{urlencode(query)}", BEARER, body)
    assert {s["name"] for s in json.loads(several.body)["point_samples"]} == {name}


def test_weather_holds_still_for_ten_minutes() -> None:
    clock = Clock()
    served = simulator(clock)
    path = f"/api/sites/{SITE}/weather"
    first = fetched(served, path)
    clock.now_ms += 9 * MINUTE
    assert fetched(served, path) == first
    clock.now_ms += 2 * MINUTE
    assert fetched(served, path) != first
    assert {v["time"] for v in first.values() if v} == {iso_s(NOON)}


def test_put_samples_replace_and_add() -> None:
    served = simulator()
    expected = truth(served)
    name, time_ms, value = next(key for key in expected if key[1] > NOON - 10 * MINUTE)
    served.put_samples(
        SITE, [(name, "-1", time_ms), (name, "-2", time_ms), ("nobody/knows", 7, iso(NOON - MINUTE))]
    )
    expected[name, time_ms, value] -= 1
    expected[name, time_ms, "-2"] = expected["nobody/knows", NOON - MINUTE, 7] = 1
    assert Counter(samples(served, window())) == +expected == truth(served)


def test_a_put_sample_may_lie_in_the_future() -> None:
    served = simulator()
    served.put_samples(SITE, [("late/clock", 1, NOON + 60 * MINUTE)])
    read = samples(served, {**window(), "end_time": iso(NOON + 120 * MINUTE)})
    assert ("late/clock", NOON + 60 * MINUTE, 1) in read
    assert sum(time_ms > NOON for _, time_ms, _ in read) == 1


def test_late_readings_show_up_when_their_delay_is_over() -> None:
    clock = Clock()
    served = simulator(clock, faults=Faults(late=0.5, late_minutes=10))
    everything = truth(served, at_ms=NOON + 10 * MINUTE)
    at_first = Counter(samples(served, window()))
    assert at_first == truth(served)
    missing = everything - at_first
    assert 0.02 < missing.total() / everything.total() < 0.3
    assert min(time_ms for _, time_ms, _ in missing) > NOON - 10 * MINUTE
    clock.now_ms += 10 * MINUTE
    assert Counter(samples(served, window())) == everything
    served.faults = Faults()
    assert truth(served) == everything


def test_shuffled_pages_have_no_order_and_hold_the_same() -> None:
    served = simulator(faults=Faults(shuffle=1))
    read = samples(served, window())
    assert Counter(read) == truth(served)
    times = [time_ms for _, time_ms, _ in read]
    falls = sum(a > b for a, b in pairwise(times))
    assert falls > len(times) / 3
    # In order, 100 readings would be two minutes' worth.
    assert max(times[-100:]) - min(times[-100:]) > 10 * MINUTE


def test_duplicates_stand_on_one_page_and_on_two() -> None:
    served = simulator(faults=Faults(duplicate=0.2))
    read = [
        [(s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in page["point_samples"]]
        for page in pages(served, window())
    ]
    assert set().union(*read) == set(truth(served))
    assert all(len(page) <= 100 for page in read)
    assert any(len(set(page)) < len(page) for page in read)
    assert any(set(page) & set(after) for page, after in pairwise(read))


def test_empty_pages_lead_on() -> None:
    served = simulator(faults=Faults(empty=0.5))
    read = list(pages(served, window()))
    assert any(not page["point_samples"] and page["has_more"] for page in read)
    cursors = [page["next_cursor"] for page in read[:-1]]
    assert len(set(cursors)) == len(cursors)
    assert Counter(samples(served, window())) == truth(served)


def test_a_cursor_is_repeated_on_request() -> None:
    served = simulator(faults=Faults(repeat_cursor=1))
    cursor = fetched(served, SERIES, **window())["next_cursor"]
    second = fetched(served, SERIES, **window(cursor=cursor))
    assert (second["next_cursor"], second["has_more"]) == (cursor, True)


@pytest.mark.parametrize(
    ("faults", "statuses"),
    [
        (Faults(server_error=1), {500, 502, 503}),
        (Faults(rate_limited=1), {429}),
        (Faults(status=403), {403}),
        (Faults(truncate=1), {200}),
        (Faults(garbage=1), {200}),
    ],
)
def test_requests_go_wrong_as_asked(faults: Faults, statuses: set[int]) -> None:
    served = simulator(faults=faults)
    responses = [ask(served, SERIES, **window()) for _ in range(40)]
    assert {response.status for response in responses} == statuses
    if statuses == {200}:
        for response in responses:
            with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
                json.loads(response.body)
    if statuses == {429}:
        assert all(dict(response.headers)["Retry-After"] == "1" for response in responses)
    if 500 in statuses:
        assert {response.content_type for response in responses} == {"text/html", "application/json"}


LISTED = f"/api/sites/{SITE}/configured_points"


def refused(body: bytes) -> bool:
    """Returns whether a strict parser refuses the body."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return True
    return False


@pytest.mark.parametrize("faults", [Faults(nan=1), Faults(bad_text=1), Faults(nan=1, bad_text=1)])
def test_what_strict_json_refuses_is_beside_the_readings_and_changes_none(faults: Faults) -> None:
    served, sound = simulator(faults=faults), simulator()
    for _ in range(30):
        for path, query in ((SERIES, window()), (LISTED, {"per_page": 100}), (SERIES, window(0))):
            assert refused(ask(served, path, **query).body)
            assert not refused(ask(sound, path, **query).body)
    assert truth(served) == truth(sound)
    # Python's own parser takes NaN and halves of an emoji, and bytes when it is told how.
    text = ask(served, SERIES, **window(1)).body.decode("utf-8", "surrogateescape")
    names = {name for name, *_ in truth(served, 1)}
    read = [(s["name"], s["value"]) for s in json.loads(text)["point_samples"] if s["name"] in names]
    assert Counter(read) == Counter((name, value) for name, _, value in truth(served, 1))
    text = ask(served, LISTED, per_page=100).body.decode("utf-8", "surrogateescape")
    listed, whole = json.loads(text), fetched(sound, LISTED, per_page=100)
    assert [item["name"] for item in listed["items"]] == [item["name"] for item in whole["items"]]
    assert listed["total"] == whole["total"]


@pytest.mark.parametrize("fault", ["nan", "bad_text"])
def test_other_answers_stay_sound(fault: str) -> None:
    served = simulator(faults=fault_texts.parse(f"{fault}=1"))
    for path in ("/api/sites", f"/api/sites/{SITE}", f"/api/sites/{SITE}/weather", "/api/points"):
        assert not refused(ask(served, path).body)


def test_an_answer_that_drips_has_begun_and_does_not_end() -> None:
    with simulator(faults=Faults(drip=1)) as served:
        with socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), timeout=30) as link:
            link.sendall(f"GET /api/sites HTTP/1.1\r\nAuthorization: {BEARER}\r\n\r\n".encode())
            assert [link.recv(1), link.recv(1), link.recv(1)] == [b"H", b"T", b"T"]
        served.faults = Faults()
        assert fetched(served, "/api/sites")["total"] == 1


def test_retries_get_through_and_the_readings_are_the_same() -> None:
    faults = "5xx=0.05,429=0.02,truncate=0.02,duplicate=0.05,shuffle=1,empty=0.05"
    served = simulator(faults=fault_texts.parse(faults))
    assert set(samples(served, window(), tries=6)) == set(truth(simulator()))


def test_chance_is_seeded() -> None:
    first, second = (simulator(faults=Faults(server_error=0.5), seed=9) for _ in range(2))
    assert [ask(first, "/api/sites") for _ in range(30)] == [ask(second, "/api/sites") for _ in range(30)]


def test_answers_take_as_long_as_asked() -> None:
    served = simulator(faults=Faults(delay=0.2))
    began = time.monotonic()
    assert served.respond("GET", "/api/sites", BEARER).status == 200
    assert time.monotonic() - began >= 0.2


def test_faults_are_read_and_set_over_http_and_requests_counted() -> None:
    with simulator() as served:
        address = urlsplit(served.url)
        link = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
        try:
            assert call(link, "GET", "/control/health")[0] == 200
            assert call(link, "PUT", "/control/faults", {"5xx": 1})[1]["5xx"] == 1
            assert call(link, "GET", "/api/sites")[0] in (500, 502, 503)
            assert call(link, "PUT", "/control/faults", {"status": 401})[0] == 200
            assert call(link, "GET", "/api/sites")[0] == 401
            status, refusal = call(link, "PUT", "/control/faults", {"5yy": 1})
            assert (status, "5yy" in refusal["error"]) == (422, True)
            assert call(link, "PUT", "/control/faults", [1])[0] == 422
            assert call(link, "GET", "/control/faults")[1]["status"] == 401
            assert call(link, "PUT", "/control/faults", {})[1]["status"] == 0
            assert call(link, "GET", "/api/sites")[0] == 200
            counted = call(link, "GET", "/control/stats")[1]["GET /sites"]
        finally:
            link.close()
    assert counted["401"] == counted["200"] == 1
    assert sum(counted.values()) == 3


def call(link: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    link.request(method, path, None if body is None else json.dumps(body), {"Authorization": BEARER})
    response = link.getresponse()
    text = response.read()
    return response.status, json.loads(text) if response.getheader("Content-Type") != "text/html" else text


def test_a_truncated_body_keeps_its_length_over_http() -> None:
    with simulator(faults=Faults(truncate=1)) as served:
        link = http.client.HTTPConnection("127.0.0.1", urlsplit(served.url).port or 0, timeout=5)
        try:
            for _ in range(2):
                link.request("GET", "/api/sites", headers={"Authorization": BEARER})
                response = link.getresponse()
                assert len(response.read()) == int(response.headers["Content-Length"])
        finally:
            link.close()


def test_a_stopped_simulator_answers_nobody_and_starts_again() -> None:
    served = simulator()
    port = urlsplit(served.start()).port or 0
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/control/health")
        link.getresponse().read()
        served.stop()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            call(link, "GET", "/control/health")
        served.stop()
        assert urlsplit(served.start(port)).port == port
        link.close()
        assert call(link, "GET", "/control/health")[0] == 200
    finally:
        link.close()
        served.stop()


def test_the_command_serves_until_it_is_told_to_end() -> None:
    command = [sys.executable, "-m", "local.ace_simulator", "--port", "0", "--points", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        link = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port or 0, timeout=5)
        try:
            assert call(link, "GET", "/api/sites")[1]["items"][0]["name"] == SITE
        finally:
            link.close()
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("arguments", [["--faults", "5xx=2"], ["--replay", os.devnull], ["--points", "0"]])
def test_the_command_refuses_what_makes_no_sense(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", *arguments])
    assert "error: " in capsys.readouterr().err


def test_a_day_of_a_site_is_complete() -> None:
    served = simulator(points=16)
    points = fetched(served, f"/api/sites/{SITE}/points", per_page=500)["items"]
    series = served.site_series(SITE, NOON - 1_440 * MINUTE, NOON)
    assert {name: len(values) for name, (_, values) in series.items()} == pytest.approx(
        {point["name"]: 86_400 / point["collect_interval"] for point in points}, abs=1
    )
    assert all(np.all(np.diff(times) > 0) for times, _ in series.values())


def listed_names(served: Simulator, per_page: int) -> tuple[list[str], set[int]]:
    """Returns the names in one run of pages, and the totals of its pages."""
    names: list[str] = []
    totals: set[int] = set()
    for page in range(1, 100):
        answer = fetched(served, f"/api/sites/{SITE}/configured_points", page=page, per_page=per_page)
        names += [item["name"] for item in answer["items"]]
        totals.add(answer["total"])
        if page >= answer["pages"]:
            return names, totals
    raise AssertionError("the listing does not end")


@pytest.mark.parametrize("per_page", [48, 100])
def test_a_listing_of_one_page_does_not_shift(per_page: int) -> None:
    served = simulator(points=48, faults=Faults(listing_shift=1))
    names, totals = listed_names(served, per_page)
    assert (len(names), totals, served.fault_counts()) == (48, {48}, {})


@pytest.mark.parametrize("per_page", [7, 20])
def test_a_shifted_listing_lacks_the_first_point_of_a_later_page(per_page: int) -> None:
    served = simulator(points=48)
    whole, _ = listed_names(served, 100)
    before = samples(served, window(1))
    served.faults = Faults(listing_shift=1)
    lost = set()
    for _ in range(10):
        names, totals = listed_names(served, per_page)
        [missing] = set(whole) - set(names)
        assert whole.index(missing) % per_page == 0
        assert totals == {48, 47}
        lost.add(missing)
    # In ten runs of pages, more than one of the boundaries is hit.
    assert len(lost) > 1
    assert served.fault_counts()["listing_shift"] >= 10
    assert samples(served, window(1)) == before
    served.faults = Faults()
    assert listed_names(served, per_page) == (whole, {48})
