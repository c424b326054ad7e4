"""Converts ACE's readings into samples, and counts rejected readings by reason."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import floordiv, sub
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vitals.codec.lenient_json import MalformedEntry
from vitals.model.point_settings import MAX_STATE_TEXT, state_key
from vitals.model.points import MAX_NAME
from vitals.model.samples import Samples, Times, Values, from_columns
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
_NO_POINT = -1
_BAD_MS = EARLIEST_MS - 1


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
    intake = Intake(ids, now_ms + FUTURE_TOLERANCE_MS, states or {})
    page = list(readings)
    samples, is_sample = _columns(page, intake)
    for row in np.flatnonzero(~is_sample).tolist():
        sample = intake.sample(page[row])
        if sample is not None:
            samples.ids[row], samples.times[row], samples.values[row] = sample
            is_sample[row] = True
    accepted = samples if is_sample.all() else samples[is_sample]
    return Accepted(accepted, intake.rejected, intake.rejected_hours())


class Intake:
    """Accepts one reading after another, and notes the rejections."""

    def __init__(
        self, ids: Mapping[str, int], latest_ms: int, states: Mapping[int, Mapping[str, float]]
    ) -> None:
        self.ids = ids
        self.states = states
        self.latest_ms = latest_ms
        # A page repeats few distinct times, and parsing one costs more than looking it up.
        self._times: dict[str, int] = {}
        self._rejected_times: set[tuple[int, str]] = set()
        self.rejected: Counter[str] = Counter()

    def sample(self, reading: Any) -> tuple[int, int, float] | None:
        """Returns the point id, the time and the value of a reading, or None when it is rejected."""
        try:
            name, value, text = reading["name"], reading["value"], reading["time"]
            point = self.ids.get(name)
            if point is None:
                raise RejectedReadingError(_reason_without_point(name))
            try:
                number = parse_value(value, self.states.get(point, _NO_STATES))
            except RejectedReadingError:
                self._rejected_times.add((point, text))
                raise
            time_ms = self._times.get(text)
            if time_ms is None:
                time_ms = self._times[text] = parse_time(text)
            if time_ms > self.latest_ms:
                raise RejectedReadingError(IN_THE_FUTURE)
        except RejectedReadingError as reason:
            self.rejected[str(reason)] += 1
        except (KeyError, TypeError):
            self.rejected[MALFORMED] += 1
            self._note_time(reading)
        else:
            return point, time_ms, number
        return None

    def _note_time(self, reading: Any) -> None:
        """Records the time of a malformed reading whose point and time can be read."""
        if isinstance(reading, MalformedEntry) and reading.name in self.ids:
            self._rejected_times.add((self.ids[reading.name], reading.time))

    def rejected_hours(self) -> set[tuple[int, int]]:
        """Returns Accepted.rejected_hours of the readings so far."""
        hours: set[tuple[int, int]] = set()
        for point, text in self._rejected_times:
            with contextlib.suppress(RejectedReadingError):
                time_ms = parse_time(text)
                hours.add((point, time_ms - time_ms % HOUR_MS))
        return hours


def _columns(page: Sequence[Any], intake: Intake) -> tuple[Samples, npt.NDArray[np.bool_]]:
    """Returns a row per reading, and which rows are what `intake` makes of the reading.

    The other readings must be accepted one by one: all of them when an entry is not a reading.
    """
    try:
        names = [reading["name"] for reading in page]
        values = [reading["value"] for reading in page]
        texts = [reading["time"] for reading in page]
        samples = Samples(
            np.fromiter(map(intake.ids.get, names, repeat(_NO_POINT)), np.int32, len(page)),
            _times_ms(texts),
            _numbers(values),
        )
    except (KeyError, TypeError):
        none = [0] * len(page)
        return from_columns(none, none, none), np.zeros(len(page), np.bool_)
    is_sample = (samples.ids != _NO_POINT) & np.isfinite(samples.values)
    is_sample &= (samples.times >= EARLIEST_MS) & (samples.times <= intake.latest_ms)
    if intake.states:
        # A word means what the point's settings say.
        is_sample &= ~np.isin(samples.ids, list(intake.states))
    return samples, is_sample


def _times_ms(texts: Sequence[str]) -> Times:
    """Returns UTC ms of times as `parse_time`, _BAD_MS where it rejects one; TypeError as `dict`."""
    # A page repeats few distinct times, and parsing one costs more than looking it up.
    distinct = set(texts)
    times_ms: Iterable[int]
    try:
        moments = map(datetime.fromisoformat, distinct)
        times_ms = list(map(floordiv, map(sub, moments, repeat(_EPOCH)), repeat(_MILLISECOND)))
    except (ValueError, TypeError):
        times_ms = map(_time_or_bad, distinct)
    by_text = dict(zip(distinct, times_ms, strict=True))
    return np.fromiter(map(by_text.__getitem__, texts), np.int64, len(texts))


def _time_or_bad(text: str) -> int:
    try:
        return parse_time(text)
    except RejectedReadingError:
        return _BAD_MS


def _numbers(values: Sequence[Any]) -> Values:
    """Returns JSON's values as `parse_value`, NaN where it rejects one; TypeError for a list or an object."""
    numbers: list[float] = []
    words: dict[Any, float] = {}
    number_of: Callable[[Any, Any], Any] = words.get
    parsed = map(float, map(number_of, values, values))
    while len(numbers) < len(values):
        try:
            numbers.extend(parsed)
        except (ValueError, TypeError, OverflowError):
            # The numbers before the first word that is new have been added.
            word = values[len(numbers)]
            words[word] = _number_or_nan(word)
            numbers.append(words[word])
    column = np.array(numbers, np.float64)
    if not _are_plain_texts(values):
        column[[isinstance(value, str) and not _are_plain([value]) for value in values]] = math.nan
    return column


def _are_plain_texts(values: Sequence[Any]) -> bool:
    """Returns `_are_plain` of the texts among JSON's values."""
    # Mostly all are texts.
    try:
        return _are_plain(values)
    except TypeError:
        return _are_plain([value for value in values if isinstance(value, str)])


def _number_or_nan(value: Any) -> float:
    try:
        return parse_value(value)
    except RejectedReadingError:
        return math.nan


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
    if not _are_plain([text]):
        raise RejectedReadingError(NOT_A_NUMBER)
    return _finite(number)


def _are_plain(numbers: Iterable[str]) -> bool:
    """Returns whether no text is like "1_000" or has other scripts' digits.

    Python reads them as numbers; no sensor writes them.
    """
    text = "".join(numbers)
    return "_" not in text and text.isascii()


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
