"""Names of timezones, by the pinned package."""

from importlib import metadata
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import pytest

from vitals.errors import InvalidRequestError
from vitals.model.zones import check_zone, version, zone_names


@pytest.mark.parametrize("name", ["UTC", "America/Chicago", "Asia/Kolkata", "Etc/GMT+5", "US/Central"])
def test_a_name_of_the_package_is_returned(name: str) -> None:
    assert check_zone(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mars/Olympus",
        "Factory",
        "localtime",
        "posixrules",
        "posix/UTC",
        "America",
        "America/Chicago\n",
        " UTC",
        "../zoneinfo/UTC",
        "America/../UTC",
        "/usr/share/zoneinfo/UTC",
        "zones",
        "tzdata.zi",
        "UTC+1",
        "-06:00",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        check_zone(text)
    assert str(refusal.value) == "timezone must be an IANA name such as America/Chicago"


def test_a_name_in_another_case_has_a_hint() -> None:
    with pytest.raises(InvalidRequestError, match="; use Europe/Berlin"):
        check_zone("europe/berlin")


def test_every_name_loads_from_the_package() -> None:
    assert TZPATH == ()
    assert zone_names() == available_timezones() - {"Factory"}
    assert all(ZoneInfo.no_cache(name).key == name for name in zone_names())


def test_the_version_is_that_of_the_package() -> None:
    # The package's version is the year and the number of the letter.
    year, number = metadata.version("tzdata").split(".")[:2]
    assert version() == f"{year}{chr(ord('a') + int(number) - 1)}"
