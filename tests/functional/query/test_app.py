"""Rare paths of a query through its handler, with the permissions of its function."""

import json
from typing import Any

import boto3
import pytest

from query import app
from query.timeseries.answer_cache import AnswerCache
from tests.support.archiving import Archive, archive, names_of, settle, simulator
from tests.support.clock import Clock
from tests.support.http_calls import Caller
from tests.support.sites import SITE
from tests.support.template import BUCKET
from vitals.model.timespan import DAY_MS, iso
from vitals.store.tiers.query_cache import ResultCache

__all__ = ["archive", "simulator"]

DAY = 1_767_225_600_000


def test_a_settled_answer_is_stored(archive: Archive, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.aws.prices.S3_PUT", 0.0)
    settle(archive)
    clock.forward(60)
    api = archive.world.api()
    api.cache = AnswerCache(ResultCache(boto3.client("s3"), BUCKET), clock, archive.world.journal.warning)
    monkeypatch.setattr(app.api, "connect", lambda: api)
    monkeypatch.setattr(app.api, "origins", lambda: ())
    query = {
        "site_name": [SITE],
        "point_names": names_of(archive),
        "start_time": [iso(DAY)],
        "end_time": [iso(DAY + DAY_MS)],
    }
    caller: Any = Caller(app.handler, "/timeseries/query", "", None)  # type: ignore[arg-type]
    hits = [json.loads(caller(query=query).text)["metadata"]["cache_hit"] for _ in range(2)]
    assert (hits, archive.world.journal.warnings) == ([False, True], [])
