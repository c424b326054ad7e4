"""docs/costs.md has the tables that the command makes."""

import re

import pytest

from archival.app import _RESERVE_S
from operations.cost import assumptions as assumed
from operations.cost import document, facts
from operations.cost.bill import total
from operations.cost.text import Month, report
from operations.release import overrides, samconfig
from operations.template import ROOT, load

FACTS = facts.read(load(), dict(pair.split("=", 1) for pair in overrides(samconfig(), "prod")))
TEXT = (ROOT / "docs/costs.md").read_text()


def test_the_tables_are_those_of_the_template() -> None:
    assert document.updated(TEXT, FACTS) == TEXT


def test_a_document_without_a_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="services"):
        document.updated("", FACTS)


def test_the_last_lines_are_the_three_figures() -> None:
    month = Month(FACTS, sites=10, points=4_583, queries=10_000)
    lines = report(month).splitlines()[-3:]
    names, dollars = zip(*(line.split(" $") for line in lines), strict=True)
    assert names == ("stack", "site", "total")
    stack, site, whole = map(float, dollars)
    assert whole == pytest.approx(stack + 10 * site, abs=0.06)
    assert whole == pytest.approx(month.total, abs=0.005)


def test_the_figures_of_assumptions_are_in_the_text() -> None:
    assert f"ACE takes {assumed.ACE_REQUEST_S} s" in TEXT
    [restarts] = re.findall(r"started anew (\d+) times a day", TEXT)
    assert int(restarts) == assumed.COLD_STARTS_PER_DAY


def test_free_is_never_more_than_the_list_price() -> None:
    month = Month(FACTS, sites=1, points=100, queries=0)
    assert 0 <= month.total_after_free_tier <= total([*month.stack, *month.all_sites])


def test_archiving_is_as_deployed() -> None:
    resources = load()["Resources"]
    mapping = resources["ArchivalFunctionDay"]["Properties"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == document.ARCHIVERS
    timeout_s = resources["ArchivalFunction"]["Properties"]["Timeout"]
    assert timeout_s - _RESERVE_S == document.ARCHIVE_READING_MINUTES * 60
