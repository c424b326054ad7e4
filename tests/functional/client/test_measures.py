"""Local buckets, measures and changes in the client, against the API's own handlers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import requests

from tests.support.api_server import ApiServer
from tests.support.client_data import POINT, SPAN, of_csv
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.clock import NOON
from tests.support.command import command, out
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.timespan import HOUR_MS, Span
from vitals_client import Client, InvalidRequestError, VitalsWarning, tables

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]

ZONE = "America/Chicago"
METER = f"ses/{SITE}/8000:33-8033/analogValue/104"
FAN = f"ses/{SITE}/8000:33-8033/binaryInput/102"
RANGE = (SPAN.start_ms, SPAN.end_ms)


def answer_of_api(server: ApiServer, token: str, **parameters: Any) -> Any:
    body = {"site_name": SITE, "start_time": RANGE[0], "end_time": RANGE[1]}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{server.url}/timeseries/query", json=body | parameters, headers=headers).json()


@pytest.mark.parametrize("max_rows", [30_000, 6])
def test_every_measure_is_as_the_api_answers(
    client: Client, server: ApiServer, token: str, max_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals_client.pages.MAX_PAGES", 50)
    for measure in ("mean", "max", "p90", "runtime", "integral", "starts", "held", "increase", "rate"):
        resolution = "1d" if measure == "held" else "15m"
        parameters = {"measure": measure, "resolution": resolution, "timezone": ZONE}
        points = [FAN if measure in ("runtime", "starts", "held") else METER, POINT]
        monkeypatch.setattr("vitals.reading.request.MAX_ROWS", 30_000)
        expected = answer_of_api(server, token, point_names=points, **parameters)
        monkeypatch.setattr("vitals.reading.request.MAX_ROWS", max_rows)
        before = len(server.requests)
        table = client.query(SITE, points, *RANGE, **parameters)
        assert (len(server.requests) - before > 1) == (max_rows == 6 and resolution == "15m")
        assert table["timestamp"].type == pa.timestamp("ms", ZONE)
        answer = tables.answer(table)
        for series, truth in zip(answer["series"], expected["series"], strict=True):
            for key in truth.keys() - {"coverage", "proof", "gaps"}:
                assert series[key] == truth[key], (measure, key)
            proofs = [item["proof"] for item in (series, truth) if "proof" in item]
            if proofs:
                shares = [proof.pop("known_share") for proof in proofs]
                assert shares[0] == pytest.approx(shares[1], abs=0.01)
                assert proofs[0]["bridged"] == pytest.approx(proofs[1]["bridged"])
        assert {key: answer[key] for key in ("measure", "timezone", "resolution")} == parameters


def test_a_data_frame_has_zone_and_proofs(client: Client, building: World) -> None:
    table = client.query(
        SITE, [FAN], "2026-01-01", "2026-01-02", resolution="1d", timezone=ZONE, measure="runtime"
    )
    frame = table.to_pandas()
    assert str(frame["timestamp"].dt.tz) == str(frame["end"].dt.tz) == ZONE
    assert frame["timestamp"][0].isoformat() == "2026-01-01T00:00:00-06:00"
    assert {"value", "count", "known", "end"} <= set(frame.columns)
    assert (frame.attrs["measure"], frame.attrs["timezone"]) == ("runtime", ZONE)
    [series] = tables.envelope(table)["series"]
    assert frame.attrs["proofs"] == {FAN: series["proof"]}
    assert 0 < series["proof"]["known_share"] <= 1


def test_unknown_points_and_measures(client: Client) -> None:
    with pytest.warns(VitalsWarning, match="no point 'nope'"):
        table = client.query(SITE, [POINT, "nope"], *RANGE, resolution="1d", measure="held")
    assert table["point_name"].to_pylist() == [POINT]
    with pytest.raises(InvalidRequestError, match="measure must be one of"):
        client.query(SITE, [POINT], *RANGE, measure="median")
    with pytest.raises(InvalidRequestError, match="timezone"):
        client.query(SITE, [POINT], *RANGE, timezone="Chicago")


def test_changes_are_listed_across_pages(
    client: Client,
    server: ApiServer,
    token: str,
    make_token: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = {"Authorization": f"Bearer {make_token('admin')}"}
    for zone in ("Europe/Berlin", ZONE):
        done = requests.patch(f"{server.url}/sites/{SITE}", json={"timezone": zone}, headers=headers)
        assert done.status_code == 200, done.text
    monkeypatch.setattr("vitals_client.client._CHANGES_LIMIT", 1)
    changes = list(client.changes(SITE))
    assert {(change["what"], change["before"], change["after"]) for change in changes} == {
        ("timezone", "Europe/Berlin", ZONE),
        ("timezone", "UTC", "Europe/Berlin"),
    }
    vitals = command(server.url, token)
    head, *rows = out(vitals("changes", SITE)).splitlines()
    assert head.split() == ["time", "who", "what", "subject", "before", "after"]
    assert sorted(row.split()[-2:] for row in rows) == [["Europe/Berlin", ZONE], ["UTC", "Europe/Berlin"]]
    assert json.loads(out(vitals("changes", SITE, "--limit", "1", "--json")))["changes"] == changes[:1]
    # The site's zone is the default of a query.
    table = client.query(SITE, [POINT], *RANGE, resolution="raw")
    assert table["timestamp"].type == pa.timestamp("ms", ZONE)
    assert json.loads(table.schema.metadata[b"vitals"])["timezone"] == ZONE


def test_the_command_shows_local_days(client: Client, server: ApiServer, token: str) -> None:
    vitals = command(server.url, token)
    day = ("--start", "2026-01-01", "--end", "2026-01-02", "--timezone", ZONE, "--resolution", "1d")
    head, row, total = out(vitals("query", SITE, FAN, *day, "--measure", "runtime")).splitlines()
    assert head.split()[:5] == ["point_name", "timestamp", "value", "count", "known"]
    assert row.split()[1] == "2026-01-01T00:00:00.000-06:00"
    assert row.endswith("partial")
    [series] = json.loads(out(vitals("query", SITE, FAN, *day, "--measure", "runtime", "--json")))["series"]
    minutes = round(series["values"][0] / 60)
    assert total.startswith(f"{FAN}: total {minutes // 60}:{minutes % 60:02} hours; known ")
    assert series["ends"] == [series["timestamps"][0] + 24 * 3_600_000]
    headings, csv_row = out(
        vitals("query", SITE, FAN, *day, "--measure", "starts", "--format", "csv")
    ).splitlines()
    assert headings == "point_name,timestamp,value,count,known,end"
    assert csv_row.endswith(",2026-01-02T00:00:00.000-06:00")


def test_exports_have_local_times(
    client: Client, server: ApiServer, token: str, building: World, tmp_path: Path
) -> None:
    """Also those of the request: from 04:00 in Chicago, 10:00 UTC."""
    arguments = ("export", "create", SITE, POINT, "--start", "2026-01-01T04:00", "--end", "2026-01-01T06:00")
    options = ("--format", "csv", "--timezone", ZONE, "--json", "--download", str(tmp_path))
    lines = out(command(server.url, token)(*arguments, *options)).splitlines()
    assert json.loads(lines[0])["timezone"] == ZONE
    files = list(tmp_path.glob("*.csv"))
    assert all(line.split(",")[1].endswith("-06:00") for line in files[0].read_text().splitlines()[1:])
    span = Span(NOON - 2 * HOUR_MS, NOON)
    assert of_csv(files) == {key: value for key, value in building.truth(span).items() if key[0] == POINT}
    utc = client.exports.create(SITE, [POINT], "2026-01-01T11:00Z", "2026-01-01T12:00Z", format="csv")
    assert utc["timezone"] == "UTC"
