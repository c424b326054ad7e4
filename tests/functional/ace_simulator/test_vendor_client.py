"""The vendor's own models, client and command line read what the simulator serves."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aceiot_models import BACnetPoint, PaginatedResponse, Point, PointSample, Site, WeatherData
from aceiot_models.api import APIClient, PaginatedResults

from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.clock import NOON, Clock
from tests.support.sites import SITE
from vitals.model.timespan import iso

MINUTE_MS = 60_000

type Run = Callable[..., str]


@pytest.fixture
def client(simulator: Simulator) -> APIClient:
    return APIClient(simulator.url, simulator.settings.api_key)


def test_sites_fit_the_vendors_models(client: APIClient) -> None:
    page = PaginatedResponse[Site].model_validate(client.get_sites())
    assert [site.name for site in page.items] == [SITE]
    assert Site.model_validate(client.get_site(SITE)) == page.items[0]
    assert client.get_client_sites("ses")["items"] == client.get_sites()["items"]


def test_points_fit_the_vendors_models(client: APIClient) -> None:
    configured = PaginatedResults(client.get_site_configured_points, per_page=10, site_name=SITE).all_items()
    listed = PaginatedResults(client.get_points, per_page=10).all_items()
    assert len(configured) == 40
    assert [item for item in listed if item["collect_enabled"]] == configured
    for item in listed:
        point = Point.model_validate(item)
        assert point.bacnet_data is not None
        assert BACnetPoint.from_api_model(item).device.serialize_device_path() in point.name
        assert client.get_point(point.name) == item


@pytest.mark.parametrize("raw", [True, False])
def test_samples_fit_the_vendors_models(client: APIClient, simulator: Simulator, raw: bool) -> None:
    start_ms = NOON - 20 * MINUTE_MS
    response = client.get_site_timeseries_paginated(
        SITE, iso(start_ms), iso(NOON), page_size=100, raw_data=raw
    )
    samples = [PointSample.model_validate(sample) for sample in response["point_samples"]]
    series = simulator.site_series(SITE, start_ms, NOON)
    assert {sample.name for sample in samples} <= set(series)
    if raw:
        assert len(samples) == sum(len(values) for _, values in series.values())


def test_samples_of_points_fit_the_vendors_models(client: APIClient) -> None:
    names = [item["name"] for item in client.get_site_points(SITE)["items"][:3]]
    span = (iso(NOON - 20 * MINUTE_MS), iso(NOON))
    for answer in (client.get_points_timeseries(names, *span), client.get_point_timeseries(names[0], *span)):
        samples = [PointSample.model_validate(sample) for sample in answer["point_samples"]]
        assert {sample.name for sample in samples} <= set(names)
        assert samples


def test_weather_fits_the_vendors_model(client: APIClient) -> None:
    weather = WeatherData.model_validate(client.get_site_weather(SITE))
    assert weather.temp or weather.pressure


@pytest.fixture
def plain(clock: Clock) -> Any:
    # The CLI reads all times by the form of the first; a real site's mixture stops its raw export too.
    settings = SimulatorSettings(points=24, sites=(SITE,), uniform_times=True)
    with Simulator(settings, clock) as running:
        yield running


@pytest.fixture
def run(plain: Simulator, tmp_path: Path) -> Run:
    """Runs the vendor's command in a home of its own and returns what it prints."""
    command = Path(sys.executable).with_name("aceiot-models-cli")

    def running(*arguments: str) -> str:
        done = subprocess.run(
            [command, "--api-url", plain.url, "--api-key", plain.settings.api_key, *arguments],
            env={"HOME": str(tmp_path), "COLUMNS": "250", "NO_PROXY": "127.0.0.1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return running


def test_the_vendors_command_lists_sites_and_points(run: Run) -> None:
    assert SITE in run("sites", "list")
    listed = json.loads(run("-o", "json", "points", "list", "--per-page", "100"))
    assert len(listed["items"]) == 24 + 3
    configured = json.loads(run("-o", "json", "points", "list", "--site", SITE, "--configured"))
    assert configured["total"] == 24


@pytest.mark.parametrize("options", [["--raw-data", "--page-size", "100"], ["--include-metadata"]])
def test_the_vendors_command_exports_a_site(
    run: Run, plain: Simulator, tmp_path: Path, options: list[str]
) -> None:
    span = (NOON - 20 * MINUTE_MS, NOON)
    edges = ["--start", iso(span[0]), "--end", iso(span[1])]
    run("sites", "timeseries", SITE, *edges, "--output-file", "out.csv", *options)
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    series = plain.site_series(SITE, *span)
    assert {row["point_name"] for row in rows} == set(series)
    if "--raw-data" in options:
        assert len(rows) == sum(len(values) for _, values in series.values())
