"""What a backfill is asked for and what it comes to: pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError

from vitals.ace.limits import PAGE_SIZE
from vitals.aws import prices
from vitals.errors import InvalidRequestError
from vitals.model import point_set
from vitals.model.point_set import PointSet
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, Span, day_name, day_start
from vitals.site_name import check_site

MAX_DAYS = 730

# Points of which ACE says no interval are collected every minute, as most are.
_DEFAULT_INTERVAL_S = 60
# `make bench`: 35 CPU seconds for 6.6 M samples; what a day costs beside its samples is small against that.
_DAY_S = 1.0
_MILLION_SAMPLES_S = 5.5
# ACE takes 2 to 3 s for a large page.
_REQUEST_S = 2.5
# Three attempts may run out of time (statemachine/): the function's 15 minutes less what storing needs.
_READING_S = 3 * 480
_FUNCTION_GB = 1769 / 1024
# An hour is staged, takes a turn and is noted; the day's file, ledger and run are some more.
_WRITES_AN_HOUR, _WRITES_A_DAY = 2, 40


class _Event(BaseModel):
    """An execution's input, as the contract has it."""

    model_config = ConfigDict(extra="forbid")

    site: StrictStr
    start_date: StrictStr
    end_date: StrictStr
    force: StrictBool = False
    dry_run: StrictBool = False
    requested_by: StrictStr = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which whole UTC days of a site to fill in; `force` reads also those that are complete."""

    site: str
    days: Span
    force: bool = False
    dry_run: bool = False
    requested_by: str = ""

    @property
    def start_date(self) -> str:
        return day_name(self.days.start_ms)

    @property
    def end_date(self) -> str:
        """The last day, included."""
        return day_name(self.days.end_ms - 1)

    def event(self) -> dict[str, Any]:
        """The execution's input that asks for this."""
        return {
            "site": self.site,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "force": self.force,
            "dry_run": self.dry_run,
            "requested_by": self.requested_by,
        }


def parse(event: Mapping[str, Any], now_ms: int) -> Asked:
    """The meaning of an execution's input; InvalidRequestError says what is wrong with it."""
    try:
        given = _Event.model_validate(event)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()]
        raise InvalidRequestError("; ".join(problems)) from None
    first_ms, last_ms = _day("start_date", given.start_date), _day("end_date", given.end_date)
    if first_ms > last_ms:
        raise InvalidRequestError("start_date must not be after end_date")
    if last_ms > now_ms:
        raise InvalidRequestError("end_date is in the future")
    if last_ms < EARLIEST_MS:
        raise InvalidRequestError(f"end_date is before {day_name(EARLIEST_MS)}; nothing older is stored")
    days = Span(max(EARLIEST_MS, first_ms), last_ms + DAY_MS)
    if days.length_ms > MAX_DAYS * DAY_MS:
        raise InvalidRequestError(
            f"{days.length_ms // DAY_MS} days asked for; one backfill takes at most {MAX_DAYS}"
        )
    return Asked(check_site(given.site), days, given.force, given.dry_run, given.requested_by)


def _day(name: str, text: str) -> int:
    try:
        return day_start(text)
    except ValueError as error:
        raise InvalidRequestError(f"{name}: {error}") from None


def to_read(
    asked: Asked,
    archived: Iterable[ArchiveRecord],
    polled: Mapping[int, PointSet | None],
    configured: PointSet,
) -> list[int]:
    """Starts of the days to read: all with `force`, or else those that are not complete.

    A day is complete when it is archived and was wholly asked for while every point of today was configured.
    """
    done = {record.day_ms for record in archived if record.status == "done"}
    complete = {
        day_ms
        for day_ms, claimed in polled.items()
        if day_ms in done and (claimed is None or point_set.contains(claimed, configured))
    }
    return [
        day_ms
        for day_ms in range(asked.days.start_ms, asked.days.end_ms, DAY_MS)
        if asked.force or day_ms not in complete
    ]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What reading some days should take."""

    requests: int
    minutes: float
    dollars: float


def at_once(intervals_s: Sequence[int | None], per_minute: int, concurrency: int) -> int:
    """How many days to read at once, so that each gets enough of the pace to be read in its attempts.

    InvalidRequestError where the pace is too slow for even one.
    """
    most = int(_READING_S * per_minute / 60 / _requests_a_day(intervals_s))
    if most < 1:
        raise InvalidRequestError(
            f"at {per_minute} requests a minute no day of this site can be read; raise AceRequestsPerMinute"
        )
    return min(most, concurrency)


def _requests_a_day(intervals_s: Sequence[int | None]) -> int:
    return 24 * max(1, math.ceil(_samples_an_hour(intervals_s) / PAGE_SIZE))


def _samples_an_hour(intervals_s: Sequence[int | None]) -> float:
    return sum(HOUR_MS / 1000 / (interval or _DEFAULT_INTERVAL_S) for interval in intervals_s)


def estimate(days: int, intervals_s: Sequence[int | None], per_minute: int, concurrency: int) -> Estimate:
    """From the collection intervals of the points (None: not known) and the pace that the upstream allows."""
    a_day = _requests_a_day(intervals_s)
    work_s = _DAY_S + _MILLION_SAMPLES_S * 24 * _samples_an_hour(intervals_s) / 1_000_000
    busy_s = work_s + a_day * max(_REQUEST_S, concurrency * 60 / per_minute)
    writes = 24 * _WRITES_AN_HOUR + _WRITES_A_DAY
    dollars = days * (
        busy_s * _FUNCTION_GB * prices.LAMBDA_GB_SECOND
        + writes * prices.S3_PUT
        + writes * prices.DYNAMODB_WRITE_UNIT
        + len(intervals_s) * prices.DYNAMODB_WRITE_UNIT
        + 3 * prices.STEP_FUNCTIONS_TRANSITION
    )
    return Estimate(days * a_day, round(days * busy_s / concurrency / 60, 1), round(dollars, 4))
