"""What an answer warns of: a stable code for programs, a text for people."""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

Code = Literal[
    "UNKNOWN_POINT",
    "COLUMNS_SPLIT_BUCKETS",
    "DAY_UNREADABLE",
    "TIME_LIMIT",
    "GAPS_OMITTED",
    "SOURCE_UNREADABLE",
]


class WarningDetail(TypedDict):
    """A warning with its code, and with what it is about."""

    code: Code
    text: str
    """The same text as in `warnings`."""
    point_name: NotRequired[str]
    """With UNKNOWN_POINT."""
    day: NotRequired[str]
    """With DAY_UNREADABLE, as YYYY-MM-DD."""
    site_name: NotRequired[str]
    """With SOURCE_UNREADABLE, when only this site is affected."""


class Warned(TypedDict):
    """The warnings of an answer; both lists have the same order."""

    warnings: list[str]
    """What is missing and why; empty when nothing is."""
    warning_details: list[WarningDetail]
    """The same warnings with their codes."""


def warned(details: Sequence[WarningDetail]) -> Warned:
    """Returns the warnings as texts and as details."""
    return {"warnings": [detail["text"] for detail in details], "warning_details": list(details)}


def unknown_point(name: str) -> WarningDetail:
    """Says that the site does not have a point of the request."""
    return {"code": "UNKNOWN_POINT", "text": f"the site has no point {name!r}", "point_name": name}


def columns_split_buckets(text: str) -> WarningDetail:
    """Says that columns do not hold whole buckets; the plan knows both lengths."""
    return {"code": "COLUMNS_SPLIT_BUCKETS", "text": text}


def day_unreadable(day: str, reason: str) -> WarningDetail:
    """Says that a day (YYYY-MM-DD) of the archive is missing from the answer."""
    return {"code": "DAY_UNREADABLE", "text": f"left out: {reason}", "day": day}


def time_limit() -> WarningDetail:
    """Says that the answer ends before the range does."""
    return {"code": "TIME_LIMIT", "text": "Time limit reached. Continue with next_token."}


def gaps_omitted() -> WarningDetail:
    """Says that gaps are missing: the shorter ones, or all when the ledger did not answer in time."""
    return {"code": "GAPS_OMITTED", "text": "Some gaps are omitted."}


def source_unreadable(subject: str, site: str | None = None) -> WarningDetail:
    """Says which part of the status could not be read, and of which site if it is about one."""
    text = f"{subject} could not be read; try again in a few seconds"
    if site is None:
        return {"code": "SOURCE_UNREADABLE", "text": text}
    return {"code": "SOURCE_UNREADABLE", "text": text, "site_name": site}
