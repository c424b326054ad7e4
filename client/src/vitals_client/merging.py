"""Merges the envelopes of a result's pages: counts, gaps, warnings, partial buckets and proofs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import fsum
from typing import Any

SUMMED = ("total_samples", "samples_read", "samples_returned", "query_time_ms")
"""The numbers of the metadata that are sums over the pages."""

# The code of the warning that a page ends before the range does. The next page continues it.
_TIME_LIMIT = "TIME_LIMIT"
_LISTS = ("resets", "rollovers", "dips", "spikes", "files")

type Envelope = dict[str, Any]


def merged(pages: Sequence[Envelope]) -> Envelope:
    """Returns the envelopes of all pages as one.

    Counts and costs are summed; a gap that continues on the next page becomes one gap.
    """
    series = zip(*(page["series"] for page in pages), strict=True)
    return merged_heads(pages) | {"series": [_joined_series(fragments) for fragments in series]}


def merged_heads(pages: Sequence[Envelope]) -> Envelope:
    """Returns the last envelope, with the metadata and the warnings of all pages."""
    warnings = _distinct(text for page in pages for text in lasting_warnings(page))
    details = [detail for page in pages for detail in page.get("warning_details", [])]
    metadata = _merged_metadata([page["metadata"] for page in pages])
    content = pages[-1] | {"metadata": metadata, "warnings": warnings}
    if "warning_details" in content:
        lasting = set(warnings)
        distinct = {(detail["code"], detail["text"]): detail for detail in details}
        content["warning_details"] = [detail for key, detail in distinct.items() if key[1] in lasting]
    return content


def _merged_metadata(pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    metadata = {**pages[-1], **{key: sum(page[key] for page in pages) for key in SUMMED}}
    metadata["sources"] = _distinct(source for page in pages for source in page["sources"])
    metadata["cache_hit"] = all(page["cache_hit"] for page in pages)
    metadata["cost"] = {key: sum(page["cost"].get(key, 0) for page in pages) for key in pages[0]["cost"]}
    return metadata


def lasting_warnings(page: Envelope) -> list[str]:
    """Returns the warnings of a page, without the one that only says that the next page continues it."""
    if page["metadata"]["next_token"] is None:
        return list(page["warnings"])
    details = page.get("warning_details", [])
    passing = {detail["text"] for detail in details if detail["code"] == _TIME_LIMIT}
    return [text for text in page["warnings"] if text not in passing]


def _joined_series(fragments: Sequence[Mapping[str, Any]]) -> Envelope:
    """Returns the series of a point on each page as one."""
    expected = [fragment["coverage"]["expected"] for fragment in fragments]
    coverage = {
        "expected": None if None in expected else sum(expected),
        "received": sum(fragment["coverage"]["received"] for fragment in fragments),
    }
    gaps: list[dict[str, Any]] = []
    for gap in (dict(gap) for fragment in fragments for gap in fragment["gaps"]):
        continues = gap.pop("continues", False)
        if continues and gaps and (gaps[-1]["end"], gaps[-1]["reason"]) == (gap["start"], gap["reason"]):
            gaps[-1]["end"] = gap["end"]
        else:
            gaps.append(gap)
    series = {**fragments[-1], "gaps": gaps, "coverage": coverage}
    if "partial" in series:
        series["partial"] = [row for fragment in fragments for row in fragment["partial"]]
    if "proof" in series:
        series["proof"] = _joined_proof(fragments)
    return series


def _joined_proof(fragments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the proofs of a series' pages as one; a step that two pages have counts once."""
    proofs = [fragment["proof"] for fragment in fragments]
    corrections = [proof["newest_correction"] for proof in proofs if proof["newest_correction"]]
    lists = {key: [item for proof in proofs for item in proof[key]] for key in _LISTS}
    return {
        **proofs[-1],
        "known_share": _joined_share(fragments),
        "bridged": fsum(proof["bridged"] for proof in proofs),
        **{key: list({tuple(item.items()): item for item in items}.values()) for key, items in lists.items()},
        "newest_correction": max(corrections, key=datetime.fromisoformat, default=None),
    }


def _joined_share(fragments: Sequence[Mapping[str, Any]]) -> float | None:
    """Returns the known share of all pages, each weighted by its length: by the samples it expects."""
    shares = [fragment["proof"]["known_share"] for fragment in fragments]
    lengths = [fragment["coverage"]["expected"] for fragment in fragments]
    pairs = [(share, length) for share, length in zip(shares, lengths, strict=True) if length != 0]
    if not pairs or any(share is None or length is None for share, length in pairs):
        return None
    known = fsum(share * length for share, length in pairs)
    return float(known / sum(length for _, length in pairs))


def _distinct(texts: Iterable[str]) -> list[str]:
    """Returns the texts in order, without repetitions."""
    return list(dict.fromkeys(texts))
