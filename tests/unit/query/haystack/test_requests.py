"""The grid of a request, by POST and by GET."""

import sys
from datetime import date

import pytest

from query.haystack import requests
from vitals.errors import InvalidRequestError
from vitals.model.haystack.values import Mark, Number, Ref

BODY = 'ver:"3.0" range:"today"\nid\n@a.p1\n'


ZINC = ["text/zinc", "text/zinc; charset=utf-8", "TEXT/ZINC", "text/plain", ""]


@pytest.mark.parametrize("content_type", ZINC)
def test_a_body_of_zinc(content_type: str) -> None:
    grid = requests.grid_of_body(BODY, content_type)
    assert (grid.rows(), grid.meta) == ([{"id": Ref("a.p1")}], {"range": "today"})


@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.haystack+json;version=4", ""])
def test_a_body_of_json(content_type: str) -> None:
    body = '{"filter": "point", "limit": 5}'
    assert requests.grid_of_body(body, content_type).rows() == [{"filter": "point", "limit": Number(5.0)}]


def test_no_body_is_an_empty_grid() -> None:
    assert requests.grid_of_body("", "application/json").rows() == []


@pytest.mark.parametrize(
    "content_type",
    ["text/csv", "text/html", "application/vnd.haystack+json; version=3", "application/json;version=3.0"],
)
def test_other_formats_are_not_read(content_type: str) -> None:
    assert not requests.is_readable(content_type)


@pytest.mark.parametrize("content_type", [*ZINC, "application/json", "text/zinc;version=3.0"])
def test_these_formats_are_read(content_type: str) -> None:
    assert requests.is_readable(content_type)


def test_parameters_are_a_row() -> None:
    parameters = {
        "filter": ['dis == "Fan"'],
        "limit": ["2"],
        "flag": ["M"],
        "note": ["not zinc"],
        "none": ["N"],
    }
    assert requests.grid_of_parameters(parameters).rows() == [
        {"filter": 'dis == "Fan"', "limit": Number(2.0), "flag": Mark.MARKER, "note": "not zinc", "none": "N"}
    ]
    assert requests.grid_of_parameters({}).rows() == []


def test_a_repeated_parameter_is_rows() -> None:
    rows = requests.grid_of_parameters({"id": ["@a.p1", "@a.p2"], "range": ["2026-11-01"]}).rows()
    assert rows == [{"id": Ref("a.p1"), "range": "2026-11-01"}, {"id": Ref("a.p2")}]
    assert requests.ids_in(rows) == ["a.p1", "a.p2"]


def test_texts_may_be_in_quotes() -> None:
    [row] = requests.grid_of_parameters({"range": ['"today"']}).rows()
    assert requests.text_in(row, "range") == "today"


def test_a_range_may_be_a_date() -> None:
    assert requests.text_in({"range": date(2026, 11, 1)}, "range") == "2026-11-01"
    with pytest.raises(InvalidRequestError, match="range must be a text of at most 4,000 characters"):
        requests.text_in({"range": Number(5)}, "range")


@pytest.mark.parametrize("limit", [Number(-1), Number(1.5), Number(1, "s"), "5"])
def test_a_limit_is_a_whole_number(limit: Number | str) -> None:
    with pytest.raises(InvalidRequestError, match="limit must be a whole number"):
        requests.limit_in({"limit": limit})


def test_a_limit_may_be_huge() -> None:
    assert requests.limit_in({"limit": Number(1e300)}) == sys.maxsize


def test_an_id_is_a_reference() -> None:
    with pytest.raises(InvalidRequestError, match="id must be a reference"):
        requests.ids_in([{"id": "a.p1"}])
    with pytest.raises(InvalidRequestError, match="the request has no id"):
        requests.ids_in([])
