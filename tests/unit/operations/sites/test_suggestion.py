"""The suggestion of a timezone from what ACE says of a site."""

import sys
from typing import Any

import pytest
import requests

from operations.errors import OperatorError
from operations.sites.suggestion import suggest


class Described:
    """An answer of ACE."""

    def __init__(self, content: Any, status: int = 200) -> None:
        self.content, self.status_code = content, status

    def json(self) -> Any:
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def at(latitude: Any, longitude: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    answer = Described({"latitude": latitude, "longitude": longitude})
    monkeypatch.setattr(requests, "get", lambda *_, **__: answer)
    return suggest("http://ace", "key", "mill").timezone


@pytest.mark.parametrize(
    ("latitude", "longitude", "timezone"),
    [
        (41.88, -87.63, "America/Chicago"),
        ("52.52", "13.4", "Europe/Berlin"),
        (22.57, 88.36, "Asia/Kolkata"),
        (-31.55, 159.08, "Australia/Lord_Howe"),
    ],
)
def test_coordinates_have_a_timezone(
    latitude: Any, longitude: Any, timezone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert at(latitude, longitude, monkeypatch) == timezone


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(None, None), (0, 0), (91, 0), (0, 181), ("north", 1), (float("nan"), 1), ([], {}), (1, None)],
)
def test_no_coordinates_have_no_suggestion(
    latitude: Any, longitude: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperatorError, match="ACE has no coordinates of the site 'mill'"):
        at(latitude, longitude, monkeypatch)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Described({}, 401), "(status 401)"),
        (Described(ValueError("no JSON")), "(ValueError)"),
        (requests.ConnectionError("down"), "(ConnectionError)"),
    ],
)
def test_a_failure_of_ace_is_named(answer: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(OperatorError) as error:
        suggest("http://ace", "key", "mill")
    assert str(error.value) == f"ACE did not describe the site 'mill' {text}"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tzfpy", None)
    with pytest.raises(OperatorError, match="needs the package tzfpy"):
        suggest("http://ace", "key", "mill")
