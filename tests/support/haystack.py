"""A site in Chicago behind the API, with both days on which its clock is changed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest

from query import app
from query.answers import Api
from tests.support.api_server import ApiServer
from tests.support.clock import NOON, Clock
from tests.support.lambda_context import lambda_context
from tests.support.moto_aws import fill_once
from tests.support.query_tiers import query_api
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, parse_iso
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

HOME = "home"
STEP_MS = 5 * MINUTE_MS
SPRING, AUTUMN = date(2025, 3, 9), date(2025, 11, 2)
CHANGES = {
    SPRING: Span(parse_iso("2025-03-09T06:00Z"), parse_iso("2025-03-10T05:00Z")),
    AUTUMN: Span(parse_iso("2025-11-02T05:00Z"), parse_iso("2025-11-03T06:00Z")),
}
"""The local days of 23 and of 25 hours."""
LISTED = (
    ListedPoint("ahu/sat", "degreesFahrenheit", "Supply Air", 300, ("discharge", "air", "equip=AHU 1")),
    ListedPoint("fan", "", "Fan", 300, ("equip=AHU 1", "floor=2"), object_type="binaryOutput"),
    ListedPoint("meter", "kilowattHours", "", 300, ("elec=m:", "area=n:12.5 m²", "floor=10")),
    ListedPoint("zone/mode", "", "Mode", None, ("equip=VAV 3", "cool"), object_type="multiStateValue"),
)


def change_of(day: date) -> Samples:
    """The samples of the first two points from an hour before the day to an hour after it."""
    span = CHANGES[day]
    times = np.arange(span.start_ms - HOUR_MS, span.end_ms + HOUR_MS, STEP_MS)
    values = np.concatenate([np.sin(times / 1e6) * 1e-9 - 0.0, (times // STEP_MS % 2).astype(float)])
    return Samples(np.repeat(np.arange(2, dtype=np.int32), len(times)), np.tile(times, 2), values)


def _fill(dynamodb: Any) -> None:
    sites = SiteTable(dynamodb, "StateTable")
    for site, listed in ((HOME, LISTED), ("other", LISTED[:1])):
        CatalogTable(dynamodb, "StateTable").refresh(site, listed)
        sites.record_catalog(site, site.title(), len(listed), NOON)
    sites.set_settings(HOME, {"timezone": "America/Chicago"}, "tests")
    for day in CHANGES:
        samples = change_of(day)
        days = sorted({*(samples.times - samples.times % DAY_MS).tolist()})
        Ledger(dynamodb, "StateTable").mark_changed(HOME, days, NOON)
        HotTier(dynamodb, "HotTable").write(HOME, samples, NOON)


@pytest.fixture
def home(dynamodb: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The query API over the site."""
    fill_once(("haystack", clock()), lambda: _fill(dynamodb))
    api = query_api(dynamodb, clock, (HOME, "other"))
    monkeypatch.setattr(app.api, "connect", lambda: api)
    return api


@pytest.fixture
def haystack_url(home: Api) -> Iterator[str]:
    """The URL of the operations; the token is `scopes:site`, such as read:* for every site."""

    def authorize(header: str) -> dict[str, Any] | None:
        scopes, colon, sites = header.rpartition("authToken=")[2].partition(":")
        return {"principalId": "tests", "scopes": scopes, "sites": sites} if colon else None

    server = ApiServer(app.handler, authorize, lambda_context("query"))
    with server.serving():
        yield f"{server.url}/haystack"
