"""A suggestion for the timezone of a site, from its coordinates in ACE; nothing is set."""

import importlib
import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from operations.errors import OperatorError
from vitals.model.zones import check_zone

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The timezone at the coordinates of a site, in degrees."""

    timezone: str
    latitude: float
    longitude: float


def suggest(base_url: str, key: str, site: str) -> Suggestion:
    """Returns the suggestion; OperatorError when ACE or the library gives no usable answer."""
    finder = _finder()
    latitude, longitude = _coordinates(base_url, key, site)
    timezone = finder.get_tz(longitude, latitude)
    if not timezone:
        raise OperatorError(f"no timezone is known at {latitude}, {longitude}; choose one by hand")
    return Suggestion(check_zone(timezone), latitude, longitude)


def _finder() -> Any:
    try:
        return importlib.import_module("tzfpy")
    except ImportError:
        text = "a suggestion needs the package tzfpy; install it with `pip install tzfpy`"
        raise OperatorError(text) from None


def _coordinates(base_url: str, key: str, site: str) -> tuple[float, float]:
    headers = {"Authorization": f"Bearer {key}"}
    try:
        answer = requests.get(f"{base_url}/sites/{quote(site, safe='')}", headers=headers, timeout=_SECONDS)
        content = answer.json() if answer.status_code == 200 else {}
    except (requests.RequestException, ValueError) as error:
        raise OperatorError(f"ACE did not describe the site {site!r} ({type(error).__name__})") from error
    if answer.status_code != 200:
        raise OperatorError(f"ACE did not describe the site {site!r} (status {answer.status_code})")
    degrees = [content.get(name) if isinstance(content, dict) else None for name in ("latitude", "longitude")]
    latitude, longitude = map(_number, degrees)
    # 0, 0 is in the ocean, and stands for no coordinates.
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or latitude == longitude == 0:
        raise OperatorError(f"ACE has no coordinates of the site {site!r}")
    return latitude, longitude


def _number(value: object) -> float:
    """Returns the number of a JSON value, which may be a text; nan when it is none."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else math.nan
    except ValueError:
        return math.nan
