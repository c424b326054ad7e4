"""Faults change the responses of the simulator, and no valid reading."""

import json
import time
from collections import Counter

import orjson
import pytest

from local.ace_simulator import faults as fault_texts
from local.ace_simulator.faults import Faults
from tests.support.ace_simulator import (
    BEARER,
    SERIES,
    SITE,
    ask,
    fetched,
    samples,
    simulator,
    truth,
    window,
)


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
def test_faults_change_responses(faults: Faults, statuses: set[int]) -> None:
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


def is_refused(body: bytes) -> bool:
    """Returns whether a strict parser refuses the body."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return True
    return False


@pytest.mark.parametrize("faults", [Faults(nan=1), Faults(bad_text=1), Faults(nan=1, bad_text=1)])
def test_invalid_json_changes_no_reading(faults: Faults) -> None:
    served, sound = simulator(faults=faults), simulator()
    for _ in range(30):
        for path, query in ((SERIES, window()), (LISTED, {"per_page": 100}), (SERIES, window(0))):
            assert is_refused(ask(served, path, **query).body)
            assert not is_refused(ask(sound, path, **query).body)
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
def test_other_endpoints_stay_valid(fault: str) -> None:
    served = simulator(faults=fault_texts.parse(f"{fault}=1"))
    for path in ("/api/sites", f"/api/sites/{SITE}", f"/api/sites/{SITE}/weather", "/api/points"):
        assert not is_refused(ask(served, path).body)


def test_retries_read_the_same_samples() -> None:
    faults = "5xx=0.05,429=0.02,truncate=0.02,duplicate=0.05,shuffle=1,empty=0.05"
    served = simulator(faults=fault_texts.parse(faults))
    assert set(samples(served, window(), tries=6)) == set(truth(simulator()))


def test_faults_are_seeded() -> None:
    first, second = (simulator(faults=Faults(server_error=0.5), seed=9) for _ in range(2))
    assert [ask(first, "/api/sites") for _ in range(30)] == [ask(second, "/api/sites") for _ in range(30)]


def test_a_delay_delays_answers() -> None:
    served = simulator(faults=Faults(delay=0.2))
    began = time.monotonic()
    assert served.respond("GET", "/api/sites", BEARER).status == 200
    assert time.monotonic() - began >= 0.2
