"""What reading days of a site, or rebuilding their rollups, should take: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vitals.aws import prices
from vitals.errors import InvalidRequestError
from vitals.model.points import Catalog
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, Span
from vitals.pipeline.page_spans import density_of, requests

# `make bench`: 35 CPU seconds for 6.6 M samples. The fixed cost of a day is small against that.
_DAY_S = 1.0
_MILLION_SAMPLES_S = 5.5
# ACE takes 2 to 3 s for a large page.
_REQUEST_S = 2.5
# Three attempts may run out of time (statemachine/): the function's 15 minutes less what storing needs.
_READING_S = 3 * 480
_FUNCTION_GB = 1769 / 1024
# Per request: a staged file, a reserved slot and a progress record. Per day: its file, ledger and run.
_WRITES_A_REQUEST, _WRITES_A_DAY = 2, 40
# Of a rebuild: 1.8 CPU seconds for a million rows, and waits; four writes of the ledger and two of the run.
_MILLION_ROWS_S, _REBUILD_WRITES_A_DAY = 2.0, 6


@dataclass(frozen=True, slots=True)
class Estimate:
    """What reading some days should take."""

    requests: int
    minutes: float
    dollars: float


def concurrent_days(catalog: Catalog, per_minute: int, concurrency: int) -> int:
    """Returns how many days to read at once so that the pace lets each finish within its attempts.

    InvalidRequestError when the pace is too slow for a single day.
    """
    fitting = int(_READING_S * per_minute / 60 / requests_a_day(catalog))
    if fitting < 1:
        raise InvalidRequestError(
            f"{per_minute} requests per minute are too few to read a day of this site;"
            " raise AceRequestsPerMinute"
        )
    return min(fitting, concurrency)


def estimate(days: int, catalog: Catalog, per_minute: int, concurrency: int) -> Estimate:
    """Returns the requests, minutes and dollars for so many days at a pace of `per_minute` requests.

    So many days are read at once. Each takes its own time, or longer where the pace of all is slower.
    """
    at_once = max(1, min(days, concurrency))
    day_requests = requests_a_day(catalog)
    samples = density_of(catalog).per_second * DAY_MS / 1000
    own_s = _DAY_S + _MILLION_SAMPLES_S * samples / 1_000_000 + _REQUEST_S * day_requests
    day_s = max(own_s, at_once * day_requests * 60 / per_minute)
    writes = day_requests * _WRITES_A_REQUEST + _WRITES_A_DAY
    dollars = days * (
        day_s * _FUNCTION_GB * prices.LAMBDA_GB_SECOND
        + writes * prices.S3_PUT
        + writes * prices.DYNAMODB_WRITE_UNIT
        + catalog.configured.bit_count() * prices.DYNAMODB_WRITE_UNIT
        + 3 * prices.STEP_FUNCTIONS_TRANSITION
    )
    return Estimate(days * day_requests, round(days * day_s / at_once / 60, 1), round(dollars, 4))


def requests_a_day(catalog: Catalog) -> int:
    """Returns the requests that read a day of the points, if their intervals are right."""
    return requests(Span(0, DAY_MS), density_of(catalog))


def estimate_rebuild(days: Sequence[ArchiveRecord], concurrency: int) -> Estimate:
    """Returns the minutes and dollars for archiving these days again, without the upstream.

    Rollups that need two write units cost more.
    """
    rows, points = sum(day.rows for day in days), sum(day.points for day in days)
    seconds = len(days) * _DAY_S + _MILLION_ROWS_S * rows / 1_000_000
    writes = len(days) * _REBUILD_WRITES_A_DAY + points
    dollars = (
        seconds * _FUNCTION_GB * prices.LAMBDA_GB_SECOND
        + writes * prices.DYNAMODB_WRITE_UNIT
        + len(days) * 3 * prices.STEP_FUNCTIONS_TRANSITION
    )
    return Estimate(0, round(seconds / concurrency / 60, 1), round(dollars, 4))
