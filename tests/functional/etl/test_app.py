"""Rare paths of a sync through its handler, with the permissions of its function."""

from typing import Any

import numpy as np
import pytest

from etl import app
from tests.support.clock import Clock
from tests.support.failing_servers import closed_port
from tests.support.lambda_context import lambda_context
from tests.support.races import lose_one_block
from tests.support.sites import SITE
from tests.support.sync_queue import queue
from vitals.errors import UpstreamUnavailableError
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span, floor_window, iso
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.tiers.hot import HotTier

__all__ = ["queue"]

CONTEXT = lambda_context("etl")


def test_a_failing_upstream_is_counted(queue: str, dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    address = closed_port()
    monkeypatch.setenv("ACE_API_URL", address)
    with pytest.raises(UpstreamUnavailableError):
        app.handler({"site": SITE}, CONTEXT)
    assert CircuitTable(dynamodb, "StateTable", address).load().failures == 1


def test_a_lost_race_is_read_and_merged(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = lose_one_block(monkeypatch)
    assert app.handler({"site": SITE}, CONTEXT)["accepted"] > 0
    assert lost


def test_a_block_of_several_items_is_merged(queue: str, dynamodb: Any, clock: Clock) -> None:
    assert app.handler({"site": SITE}, CONTEXT)["caught_up"]
    points = [point.id for point in CatalogTable(dynamodb, "StateTable").load(SITE).points]
    window_ms = floor_window(clock() - HOUR_MS)
    window, hot = Span(window_ms, window_ms + WINDOW_MS), HotTier(dynamodb, "HotTable")
    ids = np.repeat(np.array(points, np.int32), 1_200)
    times = np.tile(window_ms + np.arange(1_200) * (WINDOW_MS // 1_200), len(points))
    dense = Samples(ids, times, np.random.default_rng(1).random(len(ids)))
    hot.write(SITE, dense, clock())
    clock.forward(1)
    span = {"site": SITE, "start": iso(window.start_ms), "end": iso(window.end_ms)}
    assert app.handler(span, CONTEXT)["accepted"] > 0
    assert len(hot.read(SITE, points, window, clock())) >= len(dense)
