"""What /openapi.json says about the answers of each route; no function loads it."""

from query import encoding
from query.schemas import (
    CoverageAnswer,
    Health,
    Latest,
    Points,
    QualityAnswer,
    QueryAnswer,
    Sites,
    Status,
    SummaryAnswer,
    TableAnswer,
    Tags,
)
from vitals.http.openapi import JSON, Descriptions, answers, errors

_TEXT = {"type": "string"}
_BINARY = {"type": "string", "format": "binary"}


def _query(*statuses: int) -> Descriptions:
    described = answers(
        QueryAnswer | TableAnswer,
        "The series, or the table; docs/api.md describes the other formats",
        404,
        406,
        413,
        502,
        *statuses,
    )
    binary = (encoding.MSGPACK, encoding.ARROW, encoding.PARQUET)
    formats = {encoding.CSV: _TEXT, **dict.fromkeys(binary, _BINARY)}
    described[200]["content"] |= {media_type: {"schema": schema} for media_type, schema in formats.items()}
    described[200]["headers"] = {
        "ETag": {"description": "of settled data; send it as If-None-Match", "schema": _TEXT},
        "Vitals-Next-Token": {"description": "CSV only: next_token, when there is more", "schema": _TEXT},
        "Vitals-Warnings": {"description": "CSV only: warnings as JSON, when there are any", "schema": _TEXT},
        "Vitals-Warning-Codes": {"description": "CSV only: their codes, as JSON", "schema": _TEXT},
        "Vitals-Metadata": {"description": "CSV only: all but series and warnings, as JSON", "schema": _TEXT},
    }
    described[304] = {"description": "The answer of If-None-Match is still current", "content": {}}
    return described


def _file(description: str, media_type: str, kind: str, *statuses: int) -> Descriptions:
    return {
        200: {"description": description, "content": {media_type: {"schema": {"type": kind}}}},
        **errors(*statuses),
    }


def _grid() -> Descriptions:
    described = _file(
        "A grid; one with err in its meta data says what is wrong", "text/zinc", "string", 404, 406
    )
    described[200]["content"] |= {
        media_type: {"schema": schema}
        for media_type, schema in {
            "application/vnd.haystack+json": {"type": "object"},
            JSON: {"type": "object"},
            encoding.CSV: _TEXT,
        }.items()
    }
    return described


# The bodies that no type describes, by the name of the route's function.
BODIES = {
    "haystack_by_post": {
        "description": "The arguments of the operation as a grid",
        "content": {
            "text/zinc": {"schema": _TEXT},
            "application/vnd.haystack+json": {"schema": {"type": "object"}},
            JSON: {"schema": {"type": "object"}},
        },
    },
}
# By the name of the route's function.
ANSWERS = {
    "query": _query(),
    "query_by_post": _query(415),
    "summary": answers(SummaryAnswer, "The summary of each point", 404, 413, 415, 502),
    "sites": answers(Sites, "The sites that the token grants"),
    "status": answers(Status, "Lag, rejected readings, unarchived days and dead letters"),
    "points": answers(Points, "A page of points", 404),
    "tags": answers(Tags, "Tags and equipment", 404),
    "latest": answers(Latest, "Newest samples", 404, 413),
    "latest_by_post": answers(Latest, "Newest samples", 404, 413, 415),
    "coverage": answers(CoverageAnswer, "One entry per day", 404, 413),
    "haystack": _grid(),
    "haystack_by_post": _grid() | errors(415),
    "quality": answers(QualityAnswer, "A page of findings", 404, 502),
    "health": answers(Health, "Degraded when a site is more than 20 minutes behind"),
    "openapi": _file("An OpenAPI 3.1 document", JSON, "object"),
    "docs": _file("A page that uses this API alone", "text/html", "string"),
    "page": _file("A page that asks for a token and shows its sites", "text/html", "string", 404),
    "asset": _file("A script or style of that page; it never changes", "*/*", "string", 404),
}
