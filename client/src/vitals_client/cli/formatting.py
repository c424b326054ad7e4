"""Formats numbers, times and counts for people."""

from datetime import UTC, datetime, timedelta

_DIGITS, _ALL_DIGITS = 6, 17
_MAX_NUMBER_LENGTH = 12


def number(value: float) -> str:
    """Returns a number exactly where 12 characters suffice, and rounded to 12 characters otherwise."""
    # Adding an integer 0 removes the sign of -0.0, and leaves a count an integer.
    text = repr(value + 0)
    return text if len(text) <= _MAX_NUMBER_LENGTH else _rounded(value, _ALL_DIGITS)


def labels(*values: float) -> list[str]:
    """Returns numbers of at most 12 characters: six digits, or more where different numbers look equal."""
    for digits in range(_DIGITS, _MAX_NUMBER_LENGTH):
        texts = [_rounded(value, digits) for value in values]
        if len(set(texts)) == len({value + 0.0 for value in values}):
            break
    return texts


def _rounded(value: float, max_digits: int) -> str:
    # Adding 0.0 removes the sign of -0.0.
    texts = (f"{value + 0.0:.{digits}g}" for digits in range(max_digits, 0, -1))
    return next(text for text in texts if len(text) <= _MAX_NUMBER_LENGTH)


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun, as in "1 day" or "2,000 days"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def count(number: int | None) -> str:
    """Returns a count, "unknown" for None."""
    return "unknown" if number is None else f"{number:,}"


def lag(seconds: int | None) -> str:
    """Returns a lag as hours, minutes and seconds, empty for None."""
    return "" if seconds is None else str(timedelta(seconds=seconds))


def utc(time_ms: int, timespec: str = "milliseconds") -> str:
    """Returns a time as ISO 8601 in UTC."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
