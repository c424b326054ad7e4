"""Filters against an oracle, and what is no filter."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.haystack_filters import Rule, Vocabulary, rules, selects, text_of
from vitals.errors import InvalidRequestError
from vitals.model.haystack import filters
from vitals.model.haystack.values import DateTime, Dict, Mark, Number, Ref, Symbol, Uri, Value

IDS = ("a.site", "a.e1", "a.p1", "b.p1")
VALUES: tuple[Any, ...] = (
    True,
    False,
    "",
    "a",
    'say "b" \\ c',
    "true",
    ("number", 0.0, ""),
    ("number", -1.5, "°F"),
    ("number", 1e-7, "°F"),
    ("number", 12.0, "kW/ft²"),
    *(("ref", id) for id in IDS),
)
TAGS = ("point", "area", "not_a_word", "orange", "notes", "dis", "siteRef", "equipRef")
VOCABULARY = Vocabulary(TAGS, VALUES)
RECORDS = st.fixed_dictionaries({}, optional={tag: st.sampled_from([*VALUES, ("marker",)]) for tag in TAGS})


def haystack(value: Any) -> Value:
    match value:
        case ("marker",):
            return Mark.MARKER
        case ("ref", id):
            return Ref(id)
        case ("number", number, unit):
            return Number(number, unit)
    plain: Value = value
    return plain


@given(rules(VOCABULARY), st.lists(RECORDS, min_size=1, max_size=4))
def test_filters_equal_an_oracle(rule: Rule, records: list[dict[str, Any]]) -> None:
    by_id = dict(zip(IDS, records, strict=False))
    dicts: dict[str, Dict] = {
        id: {tag: haystack(value) for tag, value in record.items()} for id, record in by_id.items()
    }
    selected = filters.parse(text_of(rule))
    for id, record in by_id.items():
        expected = selects(rule, record, by_id)
        assert selected(dicts[id], lambda reference: dicts.get(reference.id)) == expected, text_of(rule)


SAMPLE: Dict = {
    "day": date(2026, 11, 1),
    "clock": time(6, 30),
    "seen": DateTime(1_793_509_200_000, "America/Chicago"),
    "web": Uri("http://x/`y"),
    "def": Symbol("op:read"),
    "point": Mark.MARKER,
    "list": [Ref("a")],
    "size": Number(5.0, "°C"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day == 2026-11-01 and day < 2026-11-02", True),
        ("clock >= 6:30 and clock < 06:30:00.5", True),
        ("seen == 2026-11-01T05:00:00Z", True),
        ("seen > 2026-11-01T00:00:00-05:00 Chicago", False),
        ("web == `http://x/\\`y`", True),
        ("def == ^op:read", True),
        ("\t point\n and( not missing )", True),
        ("list->dis", False),
        ("point and not point or day", True),
        ("point or day and missing", True),
        ("(point or day) and missing", False),
        ("point == M", True),
        ("size > 4", False),
        ("size > 4°C and size <= 5°C", True),
        ("size > 4°F or size == 5", False),
        ("list -> dis or web", True),
        ("point != 5", False),
    ],
)
def test_literals_and_precedence(text: str, expected: bool) -> None:
    assert filters.parse(text)(SAMPLE, lambda _: None) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at character 1: expected the name of a tag"),
        ("point and", "at character 10: expected the name of a tag"),
        ("Point", "at character 1: expected the name of a tag"),
        ("(point", "at character 7: expected ')'"),
        ("point)", "at character 6: expected and, or, or the end"),
        ("a->", "at character 4: expected the name of a tag"),
        ("a === 3", "at character 5: expected a value"),
        ('a == "x', "at character 6: expected a value"),
        ("a == 2026-13-01", "at character 6: expected a date, a time or a number that exists"),
        ("a == C(1,2)", "expected a value"),
        ("a == nothing", "at character 6: expected a value"),
        ("^ahu", "a definition"),
        ("containedBy? @x", "a relationship"),
        ("a *== @x", "a wildcard"),
        ("(" * 51 + "a" + ")" * 51, "more than 50 parentheses"),
        ("a" * 4_001, "at most 4,000 characters"),
        ("a->b->c->d->e->f", "more than 5 names"),
        (" or ".join(["a"] * 101), "more than 100 terms"),
        ("a == " + "C(" * 700, "expected a number"),
    ],
)
def test_another_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        filters.parse(text)
    assert message in str(refused.value)


@given(st.text(max_size=40))
def test_no_text_does_more_than_fail(text: str) -> None:
    try:
        filters.parse(text)(SAMPLE, lambda _: None)
    except InvalidRequestError:
        return


@given(rules(VOCABULARY), st.lists(RECORDS, min_size=1, max_size=4))
def test_selected_records_have_the_required_tags(rule: Rule, records: list[dict[str, Any]]) -> None:
    by_id = dict(zip(IDS, records, strict=False))
    selection = filters.parse(text_of(rule))
    for record in by_id.values():
        if selects(rule, record, by_id):
            own = {tag: haystack(value) for tag, value in record.items()}
            assert selection.required.keys() <= own.keys()
            assert all(value in (None, own[tag]) for tag, value in selection.required.items())


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("site", {"site": None}),
        ("point and siteRef == @a.site and not his", {"point": None, "siteRef": Ref("a.site")}),
        ("(point and a) or (b and point)", {"point": None}),
        ('equipRef->dis == "x"', {"equipRef": None}),
        ("not point", {}),
    ],
)
def test_a_filter_says_what_it_requires(text: str, required: dict[str, Any]) -> None:
    assert filters.parse(text).required == required
