"""What becomes of a reading as ACE serves it: a sample, or a counted reason why not."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from vitals.codec.lenient_json import MalformedEntry
from vitals.model.points import MAX_NAME
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import EARLIEST_MS, FUTURE_TOLERANCE_MS, HOUR_MS, check_year, parse_instant

NULL = "null"
NOT_A_NUMBER = "not_a_number"
NOT_CONFIGURED = "not_configured"
NAME_TOO_LONG = "name_too_long"
BAD_TIME = "bad_time"
IN_THE_FUTURE = "in_the_future"
MALFORMED = "malformed"
TOO_DENSE = "too_dense"
REASONS = (
    NULL,
    NOT_A_NUMBER,
    NOT_CONFIGURED,
    NAME_TOO_LONG,
    BAD_TIME,
    IN_THE_FUTURE,
    MALFORMED,
    TOO_DENSE,
)


_STATES = {"true": 1.0, "active": 1.0, "on": 1.0, "false": 0.0, "inactive": 0.0, "off": 0.0}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class RejectedReadingError(ValueError):
    """A reading that is no sample; its text is the reason it is counted under."""


class Accepted(NamedTuple):
    """What became of some readings."""

    samples: Samples
    """Ids are point ids; in the order of the readings."""
    rejected: Counter[str]
    """How many were rejected, by reason."""
    rejected_hours: set[tuple[int, int]]
    """(point id, start of the hour in UTC ms) of those that were because of their values, or malformed."""


def accept(readings: Iterable[Any], ids: Mapping[str, int], now_ms: int) -> Accepted:
    """What becomes of `readings` ({name, value, time}); `ids` are those of configured points by name."""
    latest_ms = now_ms + FUTURE_TOLERANCE_MS
    rejected: Counter[str] = Counter()
    refused: set[tuple[int, str]] = set()
    rows: list[tuple[int, int, float]] = []
    # A page repeats few distinct times, and parsing one costs more than looking it up.
    times: dict[str, int] = {}
    for reading in readings:
        try:
            name, value, text = reading["name"], reading["value"], reading["time"]
            point = ids.get(name)
            if point is None:
                raise RejectedReadingError(_unlisted(name))
            try:
                number = parse_value(value)
            except RejectedReadingError:
                refused.add((point, text))
                raise
            time_ms = times.get(text)
            if time_ms is None:
                time_ms = times[text] = parse_time(text)
            if time_ms > latest_ms:
                raise RejectedReadingError(IN_THE_FUTURE)
        except RejectedReadingError as reason:
            rejected[str(reason)] += 1
        except (KeyError, TypeError):
            rejected[MALFORMED] += 1
            refused |= _refused(reading, ids)
        else:
            rows.append((point, time_ms, number))
    samples = from_columns(*zip(*rows, strict=True)) if rows else from_columns([], [], [])
    return Accepted(samples, rejected, set(_hours(refused)))


def _refused(reading: Any, ids: Mapping[str, int]) -> set[tuple[int, str]]:
    """The point and time of a malformed reading, where both can be read."""
    if not isinstance(reading, MalformedEntry) or reading.name not in ids:
        return set()
    return {(ids[reading.name], reading.time)}


def _unlisted(name: Any) -> str:
    return NAME_TOO_LONG if isinstance(name, str) and len(name) > MAX_NAME else NOT_CONFIGURED


def _hours(refused: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    for point, text in refused:
        with contextlib.suppress(RejectedReadingError):
            time_ms = parse_time(text)
            yield point, time_ms - time_ms % HOUR_MS


def parse_value(value: Any) -> float:
    """A number, a boolean or a two-state text as a finite float; Rejected otherwise."""
    if isinstance(value, str):
        return _parse_text(value)
    if value is None:
        raise RejectedReadingError(NULL)
    if not isinstance(value, (bool, int, float)):
        raise RejectedReadingError(NOT_A_NUMBER)
    try:
        number = float(value)
    except OverflowError:
        raise RejectedReadingError(NOT_A_NUMBER) from None
    return _finite(number)


def _parse_text(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        state = _STATES.get(text.strip().lower())
        if state is None:
            raise RejectedReadingError(NOT_A_NUMBER if text.strip() else NULL) from None
        return state
    # Python reads "1_000" and other scripts' digits as numbers; no sensor writes them.
    if "_" in text or not text.isascii():
        raise RejectedReadingError(NOT_A_NUMBER)
    return _finite(number)


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise RejectedReadingError(NOT_A_NUMBER)
    return number


def parse_time(text: str) -> int:
    """UTC ms (floor) of an ISO 8601 time with `Z` or an offset, from EARLIEST_MS on; Rejected otherwise."""
    try:
        time_ms = check_year(_milliseconds(text))
    except (ValueError, TypeError, OverflowError):
        raise RejectedReadingError(BAD_TIME) from None
    if time_ms < EARLIEST_MS:
        raise RejectedReadingError(BAD_TIME)
    return time_ms


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # Python takes neither 24:00:00 nor lower-case letters, and is five times as fast with the others.
        return parse_instant(text, zoned=True) // 1
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return (moment - _EPOCH) // _MILLISECOND
