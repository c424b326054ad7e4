"""What an event of the exports' worker may say."""

import json
from typing import Any

import pytest

from exports.events import IdleExports, OneExport, parse
from tests.support.template import ROOT
from vitals.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("event", "expected"), [({}, IdleExports()), ({"export": "an id"}, OneExport("an id"))], ids=str
)
def test_events_are_parsed(event: dict[str, Any], expected: object) -> None:
    assert parse(event) == expected


@pytest.mark.parametrize("event", [{"export": 5}, {"site": "mill"}, {"sweep": True}], ids=str)
def test_malformed_events_are_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"the event must be \{\} or"):
        parse(event)


@pytest.mark.parametrize(("name", "kind"), [("export", OneExport), ("export-schedule", IdleExports)])
def test_the_sample_events_are_valid(name: str, kind: type) -> None:
    assert isinstance(parse(json.loads((ROOT / f"events/{name}.json").read_text())), kind)
