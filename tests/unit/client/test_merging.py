"""The envelopes of pages are merged into one."""

from typing import Any

from tests.support.client_tables import COST, page
from vitals_client import tables
from vitals_client.merging import lasting_warnings, merged


def test_metadata_and_warnings_are_merged() -> None:
    first = page(
        [],
        "t",
        warnings=["Day 2026-01-01 is omitted: it is damaged."],
        metadata={"sources": ["archive", "hot"]},
    )
    last = page(
        [(0, 5, 1.0)], warnings=["Day 2026-01-01 is omitted: it is damaged.", "Some gaps are omitted."]
    )
    joined = merged([tables.envelope(first), tables.envelope(last)])
    assert joined["warnings"] == ["Day 2026-01-01 is omitted: it is damaged.", "Some gaps are omitted."]
    assert joined["metadata"]["sources"] == ["archive", "hot"]
    assert joined["metadata"]["cost"] == {key: 2 * value for key, value in COST.items()}
    assert joined["metadata"]["query_time_ms"] == 3.0
    assert joined["metadata"]["next_token"] is None
    assert [series["coverage"]["expected"] for series in joined["series"]] == [20] * 4


def warned(token: str | None, *details: tuple[str, str]) -> dict[str, Any]:
    """Returns the envelope of a page with warnings of these codes and texts."""
    warnings = {
        "warnings": [text for _, text in details],
        "warning_details": [{"code": code, "text": text} for code, text in details],
    }
    return tables.envelope(page([], token, **warnings))


def test_warnings_of_continued_pages_are_selected_by_code() -> None:
    missing, ended = ("UNKNOWN_POINT", "no point x; next_token"), ("TIME_LIMIT", "Time limit reached.")
    assert lasting_warnings(warned("t", missing, ended)) == [missing[1]]
    assert lasting_warnings(warned(None, missing, ended)) == [missing[1], ended[1]]
    joined = merged([warned("t", missing, ended), warned("t", ended), warned(None, missing)])
    assert joined["warnings"] == [missing[1]]
    assert joined["warning_details"] == [{"code": missing[0], "text": missing[1]}]


def test_warnings_without_codes_last() -> None:
    """A stack from before warnings had codes sends none."""
    old = tables.envelope(page([], "t", warnings=["not all was read; next_token goes on"]))
    assert lasting_warnings(old) == old["warnings"]


def gap(start: str, end: str, reason: str = "no_data", **flags: bool) -> dict[str, Any]:
    return {"start": start, "end": end, "reason": reason} | flags


def test_a_gap_across_pages_is_one() -> None:
    """Two gaps that meet at a single sample are two."""
    on = {"continues": True}
    pages = [
        page(
            [], "t", gaps={"a": [gap("10:00", "10:05"), gap("11:00", "12:00")], "b": [gap("11:00", "12:00")]}
        ),
        page(
            [],
            "t",
            gaps={"a": [gap("12:00", "13:00", **on)], "b": [gap("12:00", "13:00", "not_polled", **on)]},
        ),
        page(
            [], gaps={"a": [gap("13:00", "13:30", **on), gap("13:30", "14:05")], "b": [gap("13:00", "14:00")]}
        ),
    ]
    joined = merged([tables.envelope(page) for page in pages])
    gaps = {series["point_name"]: series["gaps"] for series in joined["series"]}
    assert gaps["a"] == [gap("10:00", "10:05"), gap("11:00", "13:30"), gap("13:30", "14:05")]
    assert gaps["b"] == [gap("11:00", "12:00"), gap("12:00", "13:00", "not_polled"), gap("13:00", "14:00")]
    assert gaps["c"] == []


def test_a_point_without_interval_has_no_expected_samples() -> None:
    pages = [tables.envelope(page([])), tables.envelope(page([]))]
    pages[0]["series"][0]["coverage"]["expected"] = None
    joined = merged(pages)
    assert [series["coverage"]["expected"] for series in joined["series"]] == [None, 20, 20, 20]


def proof(known_share: float | None, **changes: Any) -> dict[str, Any]:
    events = {key: [] for key in ("resets", "rollovers", "dips", "spikes", "files")}
    return {"known_share": known_share, "bridged": 1.5, **events, "newest_correction": None} | changes


def proven(expected: int | None, known_share: float | None, **changes: Any) -> dict[str, Any]:
    """Returns the envelope of a page with this proof and number of samples expected, for its first point."""
    content = tables.envelope(page([]))
    content["series"][0] |= {"proof": proof(known_share, **changes), "partial": [expected]}
    content["series"][0]["coverage"]["expected"] = expected
    return content


def test_proofs_of_pages_are_one_proof() -> None:
    dip = {"time": "2026-01-01T10:00:00Z", "from": 5.0, "to": 0.0}
    reset = dip | {"time": "2026-01-01T11:00:00Z"}
    pages = [
        proven(300, 1.0, dips=[dip], newest_correction="2026-01-01T12:00:00Z"),
        proven(100, 0.6, dips=[dip], resets=[reset], newest_correction="2026-01-01T12:00:00.500Z"),
    ]
    series = merged(pages)["series"][0]
    assert series["proof"] == proof(
        0.9, dips=[dip], resets=[reset], newest_correction="2026-01-01T12:00:00.500Z", bridged=3.0
    )
    assert series["partial"] == [300, 100]


def test_an_unknown_share_of_a_page_is_unknown() -> None:
    for pages in ([(300, 1.0), (100, None)], [(None, 1.0), (None, 1.0)]):
        joined = merged([proven(*numbers) for numbers in pages])
        assert joined["series"][0]["proof"]["known_share"] is None
    # A page after the last sync expects nothing.
    joined = merged([proven(300, 0.5), proven(0, None)])
    assert joined["series"][0]["proof"]["known_share"] == 0.5
