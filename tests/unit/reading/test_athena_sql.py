"""The statement that bulk reads send: names of any kind, within Athena's limits."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import awkward_names
from vitals.aws import athena
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.bulk import athena_sql

WHOLE = Span(0, 10 * DAY_MS)
CUT = Span(HOUR_MS, 10 * DAY_MS - HOUR_MS)
MOST_BYTES = 262_144
MOST_PARAMETER_CHARACTERS = 1_024
CONTROLS = [chr(code) for code in (*range(32), *range(127, 160), 0x2028, 0x2029, 0xFFFE, 0xFFFF)]


def sent(names: list[str] | None, span: Span = WHOLE) -> tuple[str, list[str]]:
    """The statement as Athena gets it, parameters as literals."""
    select, parameters = athena_sql.samples(
        database="database", table="samples", site="site", span=span, names=names
    )
    return f"UNLOAD ({select}) TO 's3://bucket/'", [athena.literal(text) for text in parameters]


@given(st.lists(awkward_names, min_size=1, max_size=20, unique=True), st.sampled_from([WHOLE, CUT]))
def test_no_name_breaks_a_statement(names: list[str], span: Span) -> None:
    sql, parameters = sent(names, span)
    assert sql.count("?") == len(parameters)
    assert sql.isascii()
    for parameter in parameters:
        assert len(parameter.encode("utf-16-le")) // 2 <= MOST_PARAMETER_CHARACTERS
        assert not set(CONTROLS) & set(parameter)
    for name in names:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16].upper()
        forms = [parameters.count("'" + name.replace("'", "''") + "'"), sql.count(f"'{digest}'")]
        assert sorted(forms) == [0, 2 if span is CUT else 1]


@pytest.mark.parametrize("span", [WHOLE, CUT])
@pytest.mark.parametrize("character", ["x", "'", "é", "温", "😀", "\0"])
@pytest.mark.parametrize("points", [1, 500, 5_000])
def test_no_request_exceeds_what_athena_takes(span: Span, character: str, points: int) -> None:
    names = [f"{n:05d}" + character * 507 for n in range(points)]
    sql, parameters = sent(names, span)
    assert len(sql.encode()) + sum(len(parameter.encode()) + 1 for parameter in parameters) <= MOST_BYTES


def test_usual_names_are_parameters_that_skip_files() -> None:
    names = ["ses/ses_falls_city/8000:33-8033/analogValue/102", "Zähler · 温度 #1 %", "it's"]
    sql, parameters = sent(names)
    assert "point_name IN (?, ?, ?)" in sql
    assert "sha256" not in sql
    assert parameters[-3:] == ["'" + name.replace("'", "''") + "'" for name in names]


@pytest.mark.parametrize("character", CONTROLS)
def test_a_control_character_never_reaches_a_lexer(character: str) -> None:
    sql, parameters = sent(["usual", f"un{character}usual"])
    assert "sha256" in sql
    assert character in "\n" or character not in sql + "".join(parameters)


def test_whole_days_of_all_points_are_not_counted() -> None:
    assert "UNION" not in sent(None)[0]
    sql, parameters = sent(None, CUT)
    assert sql.count("UNION ALL") == 1
    assert parameters[-3:] == ["'site'", "'1970/01/01'", "'1970/01/10'"]
    assert sent(None, Span(HOUR_MS, 2 * HOUR_MS))[1][-2:] == ["'site'", "'1970/01/01'"]
