"""Tables and summaries in the client, against the API's own handlers; the oracle is pandas over samples."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import requests

from tests.support.api_server import ApiServer
from tests.support.client_data import POINT, SPAN
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.command import Vitals, command, out
from tests.support.laid_out_server import TOKEN, LaidOutServer
from tests.support.sites import SITE
from vitals.model.timespan import MINUTE_MS, iso
from vitals_client import Client, InvalidRequestError, VitalsWarning
from vitals_client.cli.formatting import number

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]

ZONE = "America/Chicago"
METER = f"ses/{SITE}/8000:33-8033/analogValue/104"
FAN = f"ses/{SITE}/8000:33-8033/binaryInput/102"
RANGE = (SPAN.start_ms, SPAN.end_ms)
OPTIONS = ("--start", iso(RANGE[0]), "--end", iso(RANGE[1]), "--resolution", "15m", "--timezone", ZONE)
QUARTERS = {"resolution": "15m", "timezone": ZONE}
# At most two rows a page, of three columns.
SMALL_PAGES = 6


@pytest.fixture
def vitals(server: ApiServer, token: str) -> Vitals:
    return command(server.url, token)


def samples_of(client: Client, name: str) -> pd.Series:
    """Returns the samples of a point by their times in the zone."""
    table = client.query(SITE, [name], *RANGE, resolution="raw", timezone=ZONE)
    return table.to_pandas().set_index("timestamp")["value"]


def answer_of_api(server: ApiServer, token: str, **parameters: Any) -> Any:
    body = {"site_name": SITE, "start_time": RANGE[0], "end_time": RANGE[1], "form": "table"}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{server.url}/timeseries/query", json=body | parameters, headers=headers).json()


@pytest.mark.parametrize("measure", ["max", "count", "mean"])
def test_pages_equal_pandas_resampled(
    client: Client, server: ApiServer, measure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", SMALL_PAGES)
    before = len(server.requests)
    frame = client.table(SITE, [POINT, METER, FAN], *RANGE, measure=measure, **QUARTERS)
    assert len(server.requests) - before > 4
    assert list(frame.columns) == [POINT, METER, FAN]
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 100_000)
    for name in frame.columns:
        expected = getattr(samples_of(client, name).resample("15min"), measure)().reindex(frame.index)
        difference = (frame[name] - expected).abs().max()
        assert difference <= (1e-9 * expected.abs().max() if measure == "mean" else 0)
        assert frame[name].isna().tolist() == expected.isna().tolist()
    assert frame.attrs["unit"][POINT] == ("" if measure == "count" else "degreesFahrenheit")
    assert (frame.index.name, str(frame.index.tz)) == ("timestamp", ZONE)


def test_the_sample_in_force_equals_merge_asof(client: Client) -> None:
    frame = client.table(SITE, [POINT], *RANGE, measure="at", **QUARTERS)
    rows = pd.DataFrame({"timestamp": frame.index.astype("datetime64[ns, UTC]")})
    samples = samples_of(client, POINT).reset_index()
    samples["timestamp"] = samples["timestamp"].astype("datetime64[ns, UTC]")
    # Samples of a point of a minute are held for 2.5 minutes; before the range there is none.
    expected = pd.merge_asof(rows, samples, on="timestamp", tolerance=pd.Timedelta(2.5 * MINUTE_MS, "ms"))
    assert frame[POINT].notna().sum() > 5
    pd.testing.assert_series_equal(frame[POINT], expected["value"], check_index=False, check_names=False)


def test_a_sum_adds_up_and_missing_names_warn(client: Client) -> None:
    total = f'sum: "{METER}" + "{METER}"'
    with pytest.warns(VitalsWarning, match="no point 'nope'"):
        frame = client.table(SITE, [METER, total, "nope"], *RANGE, measure="last", **QUARTERS)
    assert frame[total].tolist() == pytest.approx((2 * frame[METER]).tolist(), nan_ok=True)
    assert frame["nope"].isna().all()
    assert frame.attrs["unit"] == {METER: "kilowattHours", total: "kilowattHours", "nope": ""}
    with pytest.raises(InvalidRequestError, match="fill must be"):
        client.table(SITE, [METER], *RANGE, fill="previous", **QUARTERS)  # type: ignore[arg-type]


def test_tags_select_points(client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [point["point_name"] for point in client.points(SITE, tags=["air"])]
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 2 * len(names))
    before = len(server.requests)
    frame = client.table(SITE, [], *RANGE, tags=["air"], **QUARTERS)
    assert len(server.requests) - before > 4
    assert sorted(frame.columns) == names
    table = client.query(SITE, [], *RANGE, tags=["air"], resolution="15m")
    assert set(table["point_name"].to_pylist()) <= set(names)
    assert table.num_rows == frame.notna().sum().sum()
    with pytest.raises(TypeError, match="tags must be a list of tags, not one tag: 'air'"):
        client.table(SITE, [], *RANGE, tags="air")


def test_days_have_ends(client: Client, vitals: Vitals, server: ApiServer, token: str) -> None:
    day = ("--start", "2026-01-01", "--end", "2026-01-02", "--timezone", ZONE, "--resolution", "1d")
    answer = json.loads(out(vitals("table", SITE, FAN, METER, *day, "--measure", "last", "--json")))
    expected = answer_of_api(
        *(server, token),
        point_names=[FAN, METER],
        start_time="2026-01-01",
        end_time="2026-01-02",
        resolution="1d",
        timezone=ZONE,
        measure="last",
    )
    assert answer["ends"] == expected["ends"] == [answer["timestamps"][0] + 24 * 3_600_000]
    head, row = out(vitals("table", SITE, FAN, *day, "--measure", "runtime")).splitlines()
    assert head.split() == ["timestamp", FAN, "[s]", "partial"]
    [seconds] = client.table(
        SITE, [FAN], "2026-01-01", "2026-01-02", timezone=ZONE, resolution="1d", measure="runtime"
    )[FAN]
    minutes = round(seconds / 60)
    assert row.split() == ["2026-01-01T00:00:00.000-06:00", f"{minutes // 60}:{minutes % 60:02}", "partial"]


def test_the_command_writes_what_the_api_answers(
    vitals: Vitals, server: ApiServer, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("table", SITE, POINT, METER, FAN, *OPTIONS, "--measure", "at", "--fill", "last")
    parameters = {"point_names": [POINT, METER, FAN], "measure": "at", "fill": "last"} | QUARTERS
    expected = answer_of_api(server, token, **parameters)
    body = {"site_name": SITE, "start_time": RANGE[0], "end_time": RANGE[1], "form": "table"} | parameters
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    text = requests.post(f"{server.url}/timeseries/query", json=body, headers=headers).text
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", SMALL_PAGES)
    answer = json.loads(out(vitals(*arguments, "--json")))
    changing = ("metadata", "warnings", "warning_details")
    assert {key: value for key, value in answer.items() if key not in changing} == {
        key: value for key, value in expected.items() if key not in changing
    }
    assert list(csv.reader(io.StringIO(out(vitals(*arguments, "--format", "csv"))))) == list(
        csv.reader(io.StringIO(text))
    )
    file = tmp_path / "table.parquet"
    assert out(vitals(*arguments, "--format", "parquet", "-o", str(file))) == ""
    columns = pq.read_table(file)
    assert columns.column_names[1:] == [f"{POINT} [degreesFahrenheit]", f"{METER} [kilowattHours]", FAN]
    for index, column in enumerate(expected["columns"], 1):
        assert columns.column(index).to_pylist() == column["values"]
    filled = sum(len(column["filled"]) for column in expected["columns"])
    shown = out(vitals(*arguments)).splitlines()
    assert len(shown) == 1 + len(expected["timestamps"])
    assert sum(line.count("~") for line in shown) == filled


def test_the_command_queries_by_tag(vitals: Vitals, client: Client) -> None:
    names = {point["point_name"] for point in client.points(SITE, tags=["air"])}
    rows = out(vitals("query", SITE, "--tag", "air", *OPTIONS, "--format", "csv")).splitlines()[1:]
    assert {row.split(",")[0] for row in rows} == names
    head, *_ = out(vitals("table", SITE, "--tag", "air", *OPTIONS, "--format", "csv")).splitlines()
    assert len(head.split(",")) == 1 + len(names)


@pytest.mark.parametrize(
    "arguments",
    [
        ("table", SITE),
        ("table", SITE, POINT, "--tag", "air"),
        ("query", SITE),
        ("query", SITE, POINT, "--tag", "air"),
        ("summary", SITE),
        ("table", SITE, POINT, "--json", "--format", "csv"),
        ("table", SITE, POINT, "--format", "parquet"),
        ("table", SITE, POINT, "--fill", "previous"),
        ("summary", SITE, POINT, "--json", "--format", "csv"),
        ("summary", SITE, POINT, "--format", "parquet"),
    ],
)
def test_conflicting_options_send_no_request(arguments: tuple[str, ...]) -> None:
    done = command("http://127.0.0.1:9", "t")(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Usage: vitals {arguments[0]}" in done.stderr


def test_a_summary_equals_pandas(client: Client, vitals: Vitals) -> None:
    [point, fan, total] = client.summary(
        SITE, [POINT, FAN, f'sum: "{METER}" + "{METER}"'], *RANGE, timezone=ZONE
    )
    samples = samples_of(client, POINT)
    for name in ("min", "max", "count"):
        assert point[name] == getattr(samples, name)()  # type: ignore[literal-required]
    assert (point["first"], point["last"]) == (samples.iloc[0], samples.iloc[-1])
    assert point["p95"] == pytest.approx(samples.quantile(0.95))
    assert datetime.fromisoformat(point["last_time"] or "") == samples.index[-1]
    assert (point["runtime"], fan["increase"], total["count"]) == (None, None, None)
    assert fan["runtime"] and fan["starts"]
    options = ("--start", iso(RANGE[0]), "--end", iso(RANGE[1]), "--timezone", ZONE)
    minutes = round(fan["runtime"] / 60)
    rows = out(vitals("summary", SITE, POINT, FAN, *options)).splitlines()[1:]
    assert number(samples.max()) in rows[0].split()
    assert f"{minutes // 60}:{minutes % 60:02}" in rows[1].split()


def summary_of(name: str, **values: Any) -> dict[str, Any]:
    numbers = ("min", "max", "mean", "time_weighted_mean", "sd", "p5", "p50", "p95", "first", "last")
    others = ("first_time", "last_time", "increase", "runtime", "starts", "peak", "peak_time", "known")
    empty: dict[str, Any] = dict.fromkeys((*numbers, *others))
    head = {"point_name": name, "unit": "kWh", "source_unit": "kWh", "kind": "counter", "count": 0}
    return head | empty | values


@pytest.fixture
def laid_out() -> Iterator[LaidOutServer]:
    server = LaidOutServer()
    with server.serving():
        yield server


def test_a_summary_is_shown_and_exact(laid_out: LaidOutServer, make_client: Callable[[str], Client]) -> None:
    """The server lays the answer out; the request and what is shown of the answer are the command's."""
    meter = summary_of("main", min=1.0, mean=2.5, max=4.0, last=0.1 + 0.2, increase=3.25, known=0.9999)
    fan = summary_of("fan", unit="", kind="binary", runtime=30_060.0, starts=2, known=1.0, last=1.0)
    empty = summary_of("sum: a + b", kind=None, unit="")
    answer = {"points": [meter, fan, empty], "warnings": ["The site has no point 'b'."]}
    laid_out.lay_out("POST /timeseries/summary", (200, answer))
    day = ("--start", "2026-01-01", "--end", "2026-01-02", "--timezone", ZONE, "--days", "mon-fri")
    vitals = command(laid_out.url, TOKEN)
    done = vitals("summary", "mill", "main", "fan", *day, "--hours", "06:00-18:00")
    assert done.stderr == "warning: The site has no point 'b'.\n"
    lines = [line.split() for line in out(done).splitlines()]
    assert lines == [
        ["point", "min", "mean", "max", "last", "unit", "increase", "or", "running", "known"],
        ["main", "1.0", "2.5", "4.0", "0.3", "kWh", "3.25", "99.9", "%"],
        ["fan", "1.0", "8:21", "100", "%"],
        ["sum:", "a", "+", "b"],
    ]
    assert laid_out.requests[0][1] == {
        "site_name": "mill",
        "point_names": ["main", "fan"],
        "start_time": "2026-01-01",
        "end_time": "2026-01-02",
        "timezone": ZONE,
        "hours": "06:00-18:00",
        "days": "mon-fri",
    }
    assert json.loads(out(vitals("summary", "mill", "main", *day, "--json")))["points"] == answer["points"]
    rows = list(
        csv.DictReader(io.StringIO(out(vitals("summary", "mill", "--tag", "air", *day, "--format", "csv"))))
    )
    assert laid_out.requests[-1][1]["tag"] == ["air"]
    assert [float(rows[0]["last"]), rows[1]["runtime"], rows[2]["min"]] == [0.1 + 0.2, "30060.0", ""]
    with pytest.warns(VitalsWarning, match="no point 'b'"):
        assert (
            make_client(laid_out.url).summary("mill", ["main"], "2026-01-01", "2026-01-02")
            == answer["points"]
        )


@pytest.fixture
def make_client() -> Iterator[Callable[[str], Client]]:
    clients: list[Client] = []

    def make(url: str) -> Client:
        clients.append(Client(url, TOKEN))
        return clients[-1]

    yield make
    for made in clients:
        made.close()


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_exported_table_is_the_one_read(
    client: Client, vitals: Vitals, format: str, tmp_path: Path
) -> None:
    parameters = {"resolution": "15m", "measure": "at", "timezone": ZONE}
    frame = client.table(SITE, [POINT, METER], *RANGE, **parameters)
    options = ("--start", iso(RANGE[0]), "--end", iso(RANGE[1]), "--form", "table", "--format", format)
    options += ("--resolution", "15m", "--measure", "at", "--timezone", ZONE, "-o", str(tmp_path))
    out(vitals("export", "create", SITE, POINT, METER, *options))
    [file] = tmp_path.iterdir()
    read = pd.read_csv(file) if format == "csv" else pd.read_parquet(file)
    assert list(read.columns) == ["timestamp", f"{POINT} [degreesFahrenheit]", f"{METER} [kilowattHours]"]
    assert pd.to_datetime(read["timestamp"], utc=True).tolist() == frame.index.tolist()
    for header, name in zip(read.columns[1:], frame.columns, strict=True):
        pd.testing.assert_series_equal(read[header], frame[name].reset_index(drop=True), check_names=False)
    [export] = client.exports.list(SITE)
    assert (export["form"], export["resolution"], export["measure"]) == ("table", "15m", "at")
    options = {"resolution": "1h", "units": "metric", "hours": "06:00-18:00", "days": "mon-fri"}
    tagged = client.exports.create(SITE, [], *RANGE, tags=["air"], **options)
    assert tagged["points"] == len(list(client.points(SITE, tags=["air"])))
    assert {name: tagged[name] for name in options} == options
