"""The warnings of an answer: a stable code for programs, and a sentence for people."""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from vitals.reading.request import MAX_SAMPLES_AT_ONCE

Code = Literal[
    "UNKNOWN_POINT",
    "COLUMNS_SPLIT_BUCKETS",
    "NEGATIVE_STEPS",
    "DAY_UNREADABLE",
    "TIME_LIMIT",
    "GAPS_OMITTED",
    "SOURCE_UNREADABLE",
    "TOO_MANY_SAMPLES",
]


class WarningDetail(TypedDict):
    """A warning with its code and its subject."""

    code: Code
    text: str
    """The same text as in `warnings`."""
    point_name: NotRequired[str]
    """With UNKNOWN_POINT and NEGATIVE_STEPS."""
    day: NotRequired[str]
    """With DAY_UNREADABLE, as YYYY-MM-DD."""
    site_name: NotRequired[str]
    """With SOURCE_UNREADABLE, when only this site is affected."""


class Warned(TypedDict):
    """The warnings of an answer; both lists have the same order."""

    warnings: list[str]
    """What is missing from the response, and why; empty if nothing is."""
    warning_details: list[WarningDetail]
    """The same warnings with their codes."""


def warned(details: Sequence[WarningDetail]) -> Warned:
    """Returns the warnings as texts and as details."""
    return {"warnings": [detail["text"] for detail in details], "warning_details": list(details)}


def unknown_point(name: str) -> WarningDetail:
    """Returns the warning of a name that the site has no point of."""
    return {"code": "UNKNOWN_POINT", "text": f"The site has no point {name!r}.", "point_name": name}


def columns_split_buckets(text: str) -> WarningDetail:
    """Returns the warning of columns that do not align with buckets; the plan makes its text."""
    return {"code": "COLUMNS_SPLIT_BUCKETS", "text": text}


def negative_steps(name: str) -> WarningDetail:
    """Returns the warning of a counter with values below 0."""
    text = f"{name!r} has values below 0. Steps to and from them count as they are."
    return {"code": "NEGATIVE_STEPS", "text": text, "point_name": name}


def day_unreadable(day: str, reason: str) -> WarningDetail:
    """Returns the warning of a day (YYYY-MM-DD) of the archive that is missing from the answer."""
    return {"code": "DAY_UNREADABLE", "text": f"Day {day} is omitted: {reason}.", "day": day}


def time_limit() -> WarningDetail:
    """Returns the warning of an answer that ends before the range does."""
    return {"code": "TIME_LIMIT", "text": "Time limit reached. Continue with next_token."}


def gaps_omitted() -> WarningDetail:
    """Returns the warning of missing gaps: short ones, or all when the ledger did not answer in time."""
    return {"code": "GAPS_OMITTED", "text": "Some gaps are omitted."}


def too_many_samples() -> WarningDetail:
    """Returns the warning of a summary without what takes all samples."""
    text = f"sd, percentiles and peaks are omitted: the range has more than {MAX_SAMPLES_AT_ONCE:,} samples."
    return {"code": "TOO_MANY_SAMPLES", "text": text}


def source_unreadable(subject: str, site: str | None = None) -> WarningDetail:
    """Returns the warning of an unreadable part of the status; `site` if it is about one site only."""
    text = f"{subject[:1].upper()}{subject[1:]} could not be read. Try again in a few seconds."
    if site is None:
        return {"code": "SOURCE_UNREADABLE", "text": text}
    return {"code": "SOURCE_UNREADABLE", "text": text, "site_name": site}


def summary_time_limit() -> WarningDetail:
    """Returns the warning of a summary that had no time for what takes all samples."""
    text = (
        "Time limit reached: sd, percentiles and peaks are omitted. Request fewer points or a shorter range."
    )
    return {"code": "TIME_LIMIT", "text": text}
