"""What is read of a body that strict JSON refuses: everything that can be separated, and nothing invented."""

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vitals.codec.lenient_json import Body, BrokenJsonError, Form, MalformedEntry, read

PAGE = Form("point_samples", ("name", "value", "time"), ("has_more", "next_cursor"), ("has_more",))
LISTING = Form("items", ("name",), ("pages", "total", "per_page"), ("pages", "total", "per_page"))
WEATHER = Form(fields=("value", "time"), members=("temp", "pressure", "clouds"))
ROWS = 1_000

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
# What other people's programs, proxies and disks put where a token was. \udcff is the byte 0xff.
_BAD = [
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1.2.3",
        "0x1F",
        "undefined",
        "nul",
        "True",
        "'x'",
        "01",
        "+1",
        "1e999",
    ),
    *(
        "",
        " ",
        "\x00",
        "\x01",
        "\n",
        "\ufeff",
        "\udcff",
        "\udced\udca0\udcbd",
        "\\ud83d",
        "\\",
        "\\x41",
        "\\u12",
    ),
    *(
        '"',
        '""',
        "{",
        "}",
        "[",
        "]",
        ",",
        ",,",
        ":",
        ";",
        "{{",
        "}{",
        "][",
        '"a',
        'a"',
        '"\\ud800"',
        '"\udcff"',
    ),
    *('"\x01"', "/* */", "<br>", "null null", "[[[[", '{"a":', "9" * 5_000),
]


def reading(number: int) -> dict[str, Any]:
    return {
        "name": f"ses/Büro {number}, {{x}}",
        "value": str(number / 7),
        "time": f"2026-01-01T00:{number % 60:02d}:00Z",
    }


def item(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"p{number}",
        "kv_tags": {"unit": "°F"},
        "marker_tags": ["a", "b"],
        "bacnet_data": {"object_name": f'"quoted" \\ {number}', "present_value": 1.5},
        "collect_interval": 60,
    }


def page_of(entries: list[Any]) -> str:
    return json.dumps({"point_samples": entries, "next_cursor": None, "has_more": False}, ensure_ascii=False)


def listing_of(entries: list[Any]) -> str:
    return json.dumps({"page": 1, "pages": 1, "items": entries, "total": len(entries)}, ensure_ascii=False)


def passed(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


ENTRIES = [reading(number) for number in range(ROWS)]
TEXT = page_of(ENTRIES)
TOKENS = list(_TOKEN.finditer(TEXT, TEXT.index("[") + 1, TEXT.rindex("]")))
ITEMS = [item(number) for number in range(20)]
ITEMS_TEXT = listing_of(ITEMS)
ITEM_TOKENS = list(_TOKEN.finditer(ITEMS_TEXT, ITEMS_TEXT.index("[{") + 1, ITEMS_TEXT.rindex("]")))


@st.composite
def corrupted(draw: st.DrawFn, text: str, tokens: list[re.Match[str]]) -> str:
    """The text with one token replaced, or cut into, or something put before it."""
    token = draw(st.sampled_from(tokens))
    bad = draw(st.sampled_from(_BAD) | st.text(st.characters(codec="utf-8"), max_size=6))
    how = draw(st.sampled_from(["replaced", "inserted", "overwritten", "removed"]))
    position = draw(st.integers(token.start(), token.end() - 1))
    if how == "replaced":
        return text[: token.start()] + bad + text[token.end() :]
    if how == "inserted":
        return text[:position] + bad + text[position:]
    return text[:position] + (bad if how == "overwritten" else "") + text[position + 1 :]


def answer_of(text: str, form: Form) -> dict[str, Any]:
    """As the client of the API reads it: leniently only where a strict parser refuses."""
    try:
        answer: dict[str, Any] = orjson.loads(encoded(text))
        return answer
    except orjson.JSONDecodeError:
        return read(encoded(text), form).answer


def assert_at_most_one_is_lost(before: list[Any], after: list[Any]) -> None:
    rows = {repr(entry): row for row, entry in enumerate(before)}
    sound = [rows[repr(entry)] for entry in after if repr(entry) in rows]
    assert len(sound) >= len(before) - 1
    assert sound == sorted(set(sound))
    # What stands in the place of the lost one, and nothing that nobody wrote.
    changed = [
        entry for entry in after if isinstance(entry, dict) and "name" in entry and repr(entry) not in rows
    ]
    assert len(changed) <= len(before) - len(sound)


@settings(max_examples=50)
@given(corrupted(TEXT, TOKENS))
def test_a_corrupted_token_costs_at_most_its_reading(text: str) -> None:
    answer = answer_of(text, PAGE)
    assert_at_most_one_is_lost(ENTRIES, answer["point_samples"])
    assert (answer["next_cursor"], answer["has_more"]) == (None, False)


@settings(max_examples=50)
@given(corrupted(ITEMS_TEXT, ITEM_TOKENS))
def test_a_corrupted_token_costs_at_most_its_point(text: str) -> None:
    answer = answer_of(text, LISTING)
    assert_at_most_one_is_lost(ITEMS, answer["items"])
    assert (answer["pages"], answer["total"]) == (1, 20)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from(range(40)), unique=True),
    st.sampled_from(["NaN", "undefined", "1.2.3", "'x'", '"3" pipe"', '"x', 'x"', '"3" by 4""', "}", "["]),
)
def test_each_bad_value_is_counted_once_and_located(rows: list[int], bad: str) -> None:
    text = page_of([ENTRIES[row] | {"value": "BAD"} if row in rows else ENTRIES[row] for row in range(40)])
    body = read(encoded(text.replace('"BAD"', bad)), PAGE)
    assert [row for row, entry in enumerate(body.answer["point_samples"]) if not isinstance(entry, dict)] == (
        sorted(rows)
    )
    assert body.malformed == len(rows)
    assert bool(body.problem) == bool(rows)


@settings(max_examples=50)
@given(
    st.lists(st.fixed_dictionaries({"name": st.text(), "value": st.text(), "time": st.text()}), max_size=5),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-32-be"]),
    st.booleans(),
)
def test_sound_bodies_are_read_in_any_encoding(entries: Any, encoding: str, is_ascii: bool) -> None:
    answer = {"point_samples": entries, "next_cursor": "\ufffd", "has_more": True}
    body = read(json.dumps(answer, ensure_ascii=is_ascii, indent=1).encode(encoding), PAGE)
    assert body == Body(answer, 0, "")


@settings(max_examples=30)
@given(st.integers(0, len(TEXT.encode()) - 1))
@example(len(TEXT.encode()) - 1)
@example(TEXT.encode().rindex(b"]"))
@example(TEXT.encode().rindex(b"}, {") + 1)
def test_a_body_that_is_cut_short_is_broken(length: int) -> None:
    with pytest.raises(BrokenJsonError):
        read(TEXT.encode()[:length], PAGE)


@given(st.binary(max_size=200) | st.text('{}[]":,\\ a1\ud800', max_size=60).map(passed))
def test_any_bytes_are_read_or_refused_with_location(data: bytes) -> None:
    try:
        body = read(data, PAGE)
    except BrokenJsonError as error:
        assert re.search(r" at byte \d+", str(error))
        assert str(error).isascii()
        assert len(str(error)) < 300
    else:
        orjson.dumps(body.answer["has_more"])


@pytest.mark.parametrize(
    "data",
    [
        b'{"point_samples":[' + b'{"a":[' * 200_000,
        b'{"point_samples":[' + b"{" * 100_000,
        b'{"point_samples":[' + b"[" * 100_000,
        b'{"point_samples":[' + b"]" * 100_000,
        b'{"point_samples":[' + b'"' * 500_000,
        b'{"point_samples":' + b'{"a":' * 200_000,
        b'{"point_samples":[' + b'{"name":1,"value":1,"time":1}],"a":[{' * 10_000,
    ],
    ids=lambda data: data[18:30],
)
def test_work_on_a_hopeless_body_has_a_bound(data: bytes) -> None:
    with pytest.raises(BrokenJsonError):
        read(data, PAGE)


def test_an_entry_nested_too_deeply_costs_only_itself() -> None:
    deep = '{"name": "d", "value": 1, "time": "t", "x": ' + "[" * 50_000 + "NaN" + "]" * 50_000 + "}"
    text = page_of([ENTRIES[0], "DEEP", ENTRIES[1]]).replace('"DEEP"', deep)
    body = read(encoded(text), PAGE)
    assert body.answer["point_samples"] == [ENTRIES[0], MalformedEntry(), ENTRIES[1]]
    assert "nested too deeply" in body.problem


@pytest.mark.parametrize("bad", ["\\ud83d", "\udcff", "\udcf0\udc9f\udc98", "\\udc00\\ud800"])
@pytest.mark.parametrize("field", ["name", "value", "time"])
def test_invalid_unicode_never_becomes_a_stored_value(bad: str, field: str) -> None:
    entries = [ENTRIES[0], ENTRIES[1] | {field: "BAD"}, ENTRIES[2]]
    body = read(encoded(page_of(entries).replace("BAD", bad)), PAGE)
    first, malformed, third = body.answer["point_samples"]
    assert [first, third] == [ENTRIES[0], ENTRIES[2]]
    names = {name: "" if name == field else ENTRIES[1][name] for name in ("name", "time")}
    assert malformed == MalformedEntry(**names)
    assert f"'{field}' is not valid Unicode at byte" in body.problem


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: "BAD" not in name))
@example("\ufffd")
def test_valid_unicode_stays_a_name_beside_cleaned_text(name: str) -> None:
    entry = item(1) | {"name": name, "bacnet_data": {"object_description": "cut BAD", "present_value": "NAN"}}
    text = listing_of([entry]).replace("BAD", "\\ud83d\udcff").replace('"NAN"', "NaN")
    body = read(encoded(text), LISTING)
    bacnet = {"object_description": "cut \ufffd\ufffd", "present_value": None}
    assert body == Body(json.loads(listing_of([entry | {"bacnet_data": bacnet}])), 0, "")
    assert orjson.loads(orjson.dumps(body.answer)) == body.answer


@pytest.mark.parametrize("bad", ["NaN", "undefined", "", '"x', "\\ud83d"])
def test_only_required_members_must_be_intact(bad: str) -> None:
    body = read(
        encoded('{"took": TOOK, "point_samples": [], "has_more": false}'.replace("TOOK", "NaN")), PAGE
    )
    assert body.answer["point_samples"] == []
    for member in ('"has_more": false', '"next_cursor": null'):
        name = member.partition(":")[0]
        text = TEXT.replace(member, f"{name}: {bad}")
        with pytest.raises(BrokenJsonError):
            read(encoded(text), PAGE)


@pytest.mark.parametrize(
    "text", ["{", '{"point_samples": []', "[]", "5", "", "NaN", "<html>", "{,}", '{"a"}']
)
def test_what_is_no_answer_at_all_is_broken(text: str) -> None:
    with pytest.raises(BrokenJsonError, match="at byte"):
        read(text.encode(), PAGE)


# Objects that look like entries, in an entry.

HISTORIES = [
    reading(number) | {"history": [reading(1_000 + 10 * number + row) for row in range(4)], "unit": {"a": 1}}
    for number in range(12)
]
HISTORIES_TEXT = page_of(HISTORIES)
DEVICES = [
    item(number)
    | {"devices": [{"name": f"d{number} {row}", "id": row} for row in range(4)], "last": {"a": 1}}
    for number in range(12)
]
DEVICES_TEXT = listing_of(DEVICES)


def tokens_of(text: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(text, text.index("[{") + 1, text.rindex("]")))


def assert_nothing_is_invented(before: list[Any], after: list[Any]) -> None:
    """An entry that was changed by its own fault has its own name, or one that nobody else has."""
    inner = {
        inside["name"]
        for entry in before
        for inside in [*entry.get("history", []), *entry.get("devices", [])]
    }
    assert not inner & {entry["name"] for entry in after if isinstance(entry, dict) and "name" in entry}


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    "bad", ["undefined", "NaN", "1.2.3", '"3" pipe"', '"x', 'x"', "}", "{", "[", "]", "[{"]
)
def test_nested_objects_of_malformed_entries_are_no_entries(bad: str, last: bool) -> None:
    for form, entries, field, text_of in (
        (PAGE, HISTORIES, "value", page_of),
        (LISTING, DEVICES, "collect_interval", listing_of),
    ):
        rows = entries[:2] if last else [entries[1], entries[0]]
        text = text_of(
            [entries[0], entries[1] | {field: "BAD"}] if last else [entries[1] | {field: "BAD"}, entries[0]]
        )
        try:
            answer = read(encoded(text.replace('"BAD"', bad)), form).answer
        except BrokenJsonError:
            assert last
            continue
        assert_nothing_is_invented(rows, answer[form.entries])
        assert entries[0] in answer[form.entries]


@pytest.mark.parametrize(
    ("form", "entry"),
    [
        (PAGE, '{"name": "p1", "value": undefined, "time": "t", "history": [INNER, INNER]}'),
        (LISTING, '{"id": 1, "name": "p1", "present_value": undefined, "devices": [INNER, INNER]}'),
    ],
)
def test_a_single_entry_may_hold_nested_objects(form: Form, entry: str) -> None:
    text = f'{{"{form.entries}": [{entry}], "has_more": false, "pages": 1}}'
    body = read(text.replace("INNER", json.dumps(ENTRIES[0])).encode(), form)
    assert (body.answer[form.entries], body.malformed) == ([MalformedEntry()], 1)


@settings(max_examples=60)
@given(corrupted(HISTORIES_TEXT, tokens_of(HISTORIES_TEXT)))
def test_one_corrupted_token_invents_no_reading(text: str) -> None:
    entries = answer_of(text, PAGE)["point_samples"]
    assert_at_most_one_is_lost(HISTORIES, entries)
    assert_nothing_is_invented(HISTORIES, entries)


@settings(max_examples=60)
@given(corrupted(DEVICES_TEXT, tokens_of(DEVICES_TEXT)))
def test_one_corrupted_token_invents_no_point(text: str) -> None:
    entries = answer_of(text, LISTING)["items"]
    assert_at_most_one_is_lost(DEVICES, entries)
    assert_nothing_is_invented(DEVICES, entries)


# What the body around the entries needs.


@pytest.mark.parametrize("bad", ["NaN", "undefined"])
@pytest.mark.parametrize("tail", ['"total": 2', '"per_page": 100', '"page": 1', ""])
def test_a_listing_needs_no_extra_count(bad: str, tail: str) -> None:
    entry = json.dumps(ITEMS[0]).replace("1.5", bad)
    text = f'{{"items": [{entry}, {json.dumps(ITEMS[1])}]{", " if tail else ""}{tail}}}'
    body = read(text.encode(), LISTING)
    assert body.answer["items"][1] == ITEMS[1]
    assert body.answer.keys() - {"items"} == json.loads(f"{{{tail}}}").keys()


@pytest.mark.parametrize("bad", ["NaN", "undefined"])
def test_a_page_without_has_more_is_the_last(bad: str) -> None:
    text = json.dumps({"point_samples": [ENTRIES[0], ENTRIES[1] | {"value": "BAD"}]}).replace('"BAD"', bad)
    answer = read(text.encode(), PAGE).answer
    assert (answer["point_samples"][0], answer.get("has_more")) == (ENTRIES[0], None)


@pytest.mark.parametrize("bad", ['"a"b"', "'x'", "undefined"])
def test_a_damaged_member_leaves_has_more_intact(bad: str) -> None:
    text = f'{{"point_samples": [], "took": {bad}, "has_more": true, "next_cursor": "c"}}'
    try:
        assert read(text.encode(), PAGE).answer["has_more"] is True
    except BrokenJsonError:
        assert '"b' in bad


CUT = {
    "strict": (PAGE, page_of(HISTORIES[:2])),
    "no counts": (LISTING, json.dumps({"items": DEVICES[:2]})),
    "NaN": (PAGE, json.dumps({"point_samples": [HISTORIES[0] | {"value": float("nan")}]})),
    "undefined": (LISTING, json.dumps({"items": [{"v": "BAD"} | DEVICES[0]]}).replace('"BAD"', "undefined")),
    "quote": (LISTING, json.dumps({"items": [{"v": "BAD"} | DEVICES[0]]}).replace('"BAD"', '"3" pipe"')),
    "all": (PAGE, page_of([reading(1) | {"value": "BAD"}, HISTORIES[0]]).replace('"BAD"', "undefined")),
}


@pytest.mark.parametrize("kind", CUT)
def test_every_cut_of_a_body_is_broken(kind: str) -> None:
    form, text = CUT[kind]
    data = text.encode()
    for length in range(len(data)):
        with pytest.raises(BrokenJsonError):
            pytest.fail(f"{data[:length][-200:]} read as {read(data[:length], form)}")


# Entries that are no objects.


@pytest.mark.parametrize("bad", ["NaN", "-Infinity", "null", "5", '"x"', "undefined", "[]"])
def test_an_entry_without_an_object_is_located(bad: str) -> None:
    text = f'{{"point_samples": [{bad}, {json.dumps(ENTRIES[0])}, {{"q": NaN}}], "has_more": false}}'
    body = read(text.encode(), PAGE)
    assert body.answer["point_samples"] == [MalformedEntry(), ENTRIES[0], {"q": None}]
    assert body.malformed == 1
    assert re.search(r" at byte (19|20), near", body.problem)


@pytest.mark.parametrize("bad", ["NaN", "Infinity"])
def test_a_weather_value_not_finite_is_located(bad: str) -> None:
    body = read(f'{{"temp": {bad}, "clouds": null, "other": NaN}}'.encode(), WEATHER)
    assert body.answer == {"temp": MalformedEntry(), "clouds": None, "other": None}
    assert (body.malformed, body.problem[:40]) == (1, "an entry is NaN or Infinity at byte 9, n")


# Time.


@pytest.mark.parametrize(
    "data",
    [
        b'{"point_samples":[' + b"{" * 100_000,
        b'{"point_samples":[' + b"]" * 100_000,
        b'{"point_samples":[' + b":[" * 100_000,
        b'{"point_samples":[x' + b":{" * 100_000,
        page_of([ENTRIES[0] | {"value": float("nan")}] * 1_000).encode(),
        b'{"point_samples":[' + b"{}, " * 1_000 + b'{}], "has_more": false}',
    ],
    ids=["braces", "brackets", "lists", "members", "sound", "empty"],
)
def test_reading_ends_when_it_is_late(data: bytes) -> None:
    checks: list[int] = []

    def late() -> bool:
        checks.append(1)
        return len(checks) > 5

    with pytest.raises(BrokenJsonError, match="no time left to read what is malformed at byte") as caught:
        read(data, PAGE, late)
    assert len(checks) == 6
    assert len(str(caught.value)) < 300


WEATHERS = {key: {"name": key, "value": 1.5, "time": "2026-01-01T00:00:00Z"} for key in WEATHER.members}
WEATHER_TEXT = json.dumps(WEATHERS)


@given(corrupted(WEATHER_TEXT, list(_TOKEN.finditer(WEATHER_TEXT, 9, len(WEATHER_TEXT) - 2))))
def test_a_corrupted_token_costs_one_weather_value(text: str) -> None:
    answer = answer_of(text, WEATHER)
    lost = [key for key, value in WEATHERS.items() if answer.get(key) != value]
    assert len(lost) <= 1, lost


def test_numbers_that_no_integer_holds_are_infinite() -> None:
    text = page_of([ENTRIES[0] | {"value": "BIG"}]).replace('"BIG"', "9" * 5_000)
    assert read(text.encode(), PAGE).answer["point_samples"][0]["value"] == float("inf")
