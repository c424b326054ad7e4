"""`vitals quality` and the client's method, over HTTP."""

import csv
import json
from typing import Any, get_args

import boto3
import pytest

from query.points import paging
from tests.support.api_server import ApiServer
from tests.support.client_data import POINT
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.clock import NOON
from tests.support.command import Vitals, command, out
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.site_day import SiteDay
from vitals.model.timespan import Span
from vitals.pipeline.archiver import Archiver
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier
from vitals_client import Client, NotFoundError
from vitals_client.cli.days.quality import FindingName
from vitals_client.shapes import Finding

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]


@pytest.fixture
def archived(building: World) -> World:
    """The day of the building, archived at noon, with a value out of range."""
    building.simulator.put_samples(SITE, [(POINT, "999.5", NOON - 60_007)])
    building.reread(Span(NOON - 60_007, NOON))
    ingest, s3 = building.syncer.ingest, boto3.client("s3")
    archiver = Archiver(
        ingest.hot,
        ColdTier(s3, "cold-bucket"),
        RollupTier(building.client, "HotTable"),
        QualityFiles(s3, "cold-bucket"),
        building.syncer.catalogs,
        ingest.ledger,
        building.clock,
        20,
    )
    archiver.archive(SiteDay.containing(SITE, NOON))
    return building


@pytest.fixture
def vitals(server: ApiServer, token: str) -> Vitals:
    return command(server.url, token)


def test_the_client_joins_all_pages(
    archived: World, client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = client.quality(SITE)
    assert (whole["date"], whole["next_token"]) == ("2026-01-01", None)
    monkeypatch.setattr(paging, "fitting", lambda findings: findings[:2])
    before = len(server.requests)
    assert client.quality(SITE, "2026-01-01") == whole
    assert len(server.requests) - before == -(-len(whole["findings"]) // 2)
    with pytest.raises(NotFoundError, match="not archived yet"):
        client.quality(SITE, "2025-12-01")


def test_a_table_names_points_and_values(archived: World, vitals: Vitals) -> None:
    head, columns, *rows = out(vitals("quality", SITE)).splitlines()
    assert head.startswith(f"{SITE}, 2026-01-01: 49 points, outage 1, ")
    assert columns.split() == ["finding", "point", "name", "first", "last", "count", "value", "unit"]
    assert rows[0].split()[:3] == ["outage", "(the", "site)"]
    [row] = [row.split() for row in rows if row.startswith("range") and POINT in row]
    assert row[-3:] == ["1", "999.5", "degreesFahrenheit"]


def test_json_and_csv_have_every_value(archived: World, vitals: Vitals, client: Client) -> None:
    quality = client.quality(SITE)
    assert json.loads(out(vitals("quality", SITE, "--date", "2026-01-01", "--json"))) == quality
    ranges: list[Any] = [f for f in quality["findings"] if f["finding"] == "range"]
    rows = list(
        csv.DictReader(out(vitals("quality", SITE, "--format", "csv", "--finding", "range")).splitlines())
    )
    assert [row["point_name"] for row in rows] == [f["point_name"] for f in ranges]
    assert [float(row["value"]) for row in rows] == [f["value"] for f in ranges]
    assert list(rows[0]) == list(ranges[0])
    both = vitals("quality", SITE, "--format", "csv", "--json")
    assert (both.exit_code, both.stdout) == (2, "")


def test_a_day_without_findings_says_so(archived: World, vitals: Vitals) -> None:
    done = vitals("quality", SITE, "--finding", "idle", "--finding", "jump")
    assert out(done).splitlines()[0].startswith(f"{SITE}, 2026-01-01: ")
    assert vitals("quality", SITE, "--date", "2025-12-01").exit_code == 2


def test_an_unknown_finding_is_refused(vitals: Vitals) -> None:
    done = vitals("quality", SITE, "--finding", "stuck", "--finding", "sutck")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'sutck' is not one of 'outage', 'silent', 'stuck'" in done.stderr
    assert tuple(FindingName) == get_args(Finding.__annotations__["finding"])
