"""Converts ACE's readings into samples, and counts rejected readings by reason."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from vitals.codec.lenient_json import MalformedEntry
from vitals.model.point_settings import MAX_STATE_TEXT, state_key
from vitals.model.points import MAX_NAME
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import EARLIEST_MS, FUTURE_TOLERANCE_MS, HOUR_MS, check_year, parse_instant

NULL = "null"
NOT_A_NUMBER = "not_a_number"
STATE = "state"
NOT_CONFIGURED = "not_configured"
NAME_TOO_LONG = "name_too_long"
BAD_TIME = "bad_time"
IN_THE_FUTURE = "in_the_future"
MALFORMED = "malformed"
TOO_DENSE = "too_dense"
REASONS = (
    NULL,
    NOT_A_NUMBER,
    STATE,
    NOT_CONFIGURED,
    NAME_TOO_LONG,
    BAD_TIME,
    IN_THE_FUTURE,
    MALFORMED,
    TOO_DENSE,
)

_STATES = {"true": 1.0, "active": 1.0, "on": 1.0, "false": 0.0, "inactive": 0.0, "off": 0.0}
_NULL_WORDS = {"", "null", "none", "nil", "n/a", "na", "undefined"}
_NO_STATES: Mapping[str, float] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class RejectedReadingError(ValueError):
    """The reading is not a sample; the text is the reason, one of REASONS."""


class Accepted(NamedTuple):
    """The samples of some readings, and the rejections of the others."""

    samples: Samples
    """In the order of the readings, with point ids."""
    rejected: Counter[str]
    """The number of rejected readings, by reason."""
    rejected_hours: set[tuple[int, int]]
    """(point id, start of the hour in UTC ms) of the readings rejected for their value, or as malformed."""


def accept(
    readings: Iterable[Any],
    ids: Mapping[str, int],
    now_ms: int,
    states: Mapping[int, Mapping[str, float]] | None = None,
) -> Accepted:
    """Returns the samples of the readings ({name, value, time}), and the rejections of the others.

    `ids` has the ids of the configured points by name, `states` the numbers of state texts by point id. A
    reading may be FUTURE_TOLERANCE_MS ahead of now.
    """
    intake = _Intake(ids, now_ms + FUTURE_TOLERANCE_MS, states or {})
    intake.add(readings)
    return Accepted(intake.samples(), intake.rejected, intake.rejected_hours())


class _Intake:
    def __init__(
        self, ids: Mapping[str, int], latest_ms: int, states: Mapping[int, Mapping[str, float]]
    ) -> None:
        self._ids = ids
        self._states = states
        self._latest_ms = latest_ms
        # A page repeats few distinct times, and parsing one costs more than looking it up.
        self._times: dict[str, int] = {}
        self._rows: list[tuple[int, int, float]] = []
        self._rejected_times: set[tuple[int, str]] = set()
        self.rejected: Counter[str] = Counter()

    def add(self, readings: Iterable[Any]) -> None:
        ids, times, rows, latest_ms = self._ids, self._times, self._rows, self._latest_ms
        states = self._states
        for reading in readings:
            try:
                name, value, text = reading["name"], reading["value"], reading["time"]
                point = ids.get(name)
                if point is None:
                    raise RejectedReadingError(_reason_without_point(name))
                try:
                    number = parse_value(value, states.get(point, _NO_STATES))
                except RejectedReadingError:
                    self._rejected_times.add((point, text))
                    raise
                time_ms = times.get(text)
                if time_ms is None:
                    time_ms = times[text] = parse_time(text)
                if time_ms > latest_ms:
                    raise RejectedReadingError(IN_THE_FUTURE)
            except RejectedReadingError as reason:
                self.rejected[str(reason)] += 1
            except (KeyError, TypeError):
                self.rejected[MALFORMED] += 1
                self._note_time(reading)
            else:
                rows.append((point, time_ms, number))

    def _note_time(self, reading: Any) -> None:
        """Records the time of a malformed reading whose point and time can be read."""
        if isinstance(reading, MalformedEntry) and reading.name in self._ids:
            self._rejected_times.add((self._ids[reading.name], reading.time))

    def samples(self) -> Samples:
        return from_columns(*zip(*self._rows, strict=True)) if self._rows else from_columns([], [], [])

    def rejected_hours(self) -> set[tuple[int, int]]:
        hours: set[tuple[int, int]] = set()
        for point, text in self._rejected_times:
            with contextlib.suppress(RejectedReadingError):
                time_ms = parse_time(text)
                hours.add((point, time_ms - time_ms % HOUR_MS))
        return hours


def _reason_without_point(name: Any) -> str:
    return NAME_TOO_LONG if isinstance(name, str) and len(name) > MAX_NAME else NOT_CONFIGURED


def parse_value(value: Any, states: Mapping[str, float] = _NO_STATES) -> float:
    """Returns a number, a boolean, or the text of a number or of a state, as a finite float.

    States are those of the point, by `state_key`, and on, off, true, false, active and inactive, in any case.
    RejectedReadingError otherwise.
    """
    if isinstance(value, str):
        return _parse_text(value, states)
    if value is None:
        raise RejectedReadingError(NULL)
    if not isinstance(value, (bool, int, float)):
        raise RejectedReadingError(NOT_A_NUMBER)
    try:
        number = float(value)
    except OverflowError:
        raise RejectedReadingError(NOT_A_NUMBER) from None
    return _finite(number)


def _parse_text(text: str, states: Mapping[str, float]) -> float:
    try:
        number = float(text)
    except ValueError:
        word = state_key(text)
        state = states.get(word, _STATES.get(text.strip().lower()))
        if state is None:
            raise RejectedReadingError(_reason_of_word(word)) from None
        return state
    # Python reads "1_000" and other scripts' digits as numbers; no sensor writes them.
    if "_" in text or not text.isascii():
        raise RejectedReadingError(NOT_A_NUMBER)
    return _finite(number)


def _reason_of_word(word: str) -> str:
    """Returns the reason of a text without a number; one that begins with a letter may name a state."""
    if word in _NULL_WORDS:
        return NULL
    is_state = word[0].isalpha() and word.isprintable() and len(word) <= MAX_STATE_TEXT
    return STATE if is_state else NOT_A_NUMBER


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise RejectedReadingError(NOT_A_NUMBER)
    return number


def parse_time(text: str) -> int:
    """Returns UTC ms (floor) of an ISO 8601 time with `Z` or an offset; RejectedReadingError otherwise.

    A time before EARLIEST_MS is rejected too.
    """
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
