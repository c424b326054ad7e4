"""Prints figures with their bars, and exits 1 when one is missed: `python -m bench [SECTION …]`."""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from backfill.estimates import requests_a_day
from bench import archive, chart
from bench.measures import series, victoria
from bench.page.figures import page_figures
from bench.reads import checkout, site
from bench.report import show
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.ace.points import listed_from_ace
from vitals.model.points import Catalog, ListedPoint
from vitals.model.samples import Samples, concat
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, day_name, iso
from vitals.pipeline.acceptance import accept

ROOT = Path(__file__).parent.parent
NOW = 1_767_225_600_000 + 12 * HOUR_MS
POINTS = 4_583
SITE = "ses_falls_city"
# A sync reads a new window and 15 minutes before it.
SYNC_WINDOWS = 4
SYNCS = 5
MEASURED = ROOT.parent / "shared/data/sdh"
# By points with a reading a minute. With a request for each hour they were 24, 24 and 72.
REQUESTS_A_DAY = {225: 1, 1_000: 3, POINTS: 14}
# CPU seconds of importing each handler on a machine at rest, and the most that they may take.
IMPORTS = {
    "query.app": 0.35,
    "etl.app": 0.35,
    "archival.app": 0.35,
    "backfill.app": 0.4,
    "backfill.api.app": 0.35,
    "exports.app": 0.35,
    "exports.api.app": 0.35,
    "admin.app": 0.35,
    "cleanup.app": 0.15,
    "authorizer.app": 0.15,
}
# Packages that do not depend on the product, and what their import takes on that machine.
REFERENCE, REFERENCE_S = "numpy, botocore.session, pydantic, asyncio", 0.22
# What the template sets for each function, without traces, and what Lambda sets.
FUNCTION = {
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    "PYTHONTZPATH": "",
    # The layer has bytecode.
    "PYTHONDONTWRITEBYTECODE": "",
}
BUILDING = SimulatorSettings(points=POINTS, sites=(SITE,), odd_share=0, other_intervals=False)


def main() -> int:
    """Runs every section, or those that are named; 1 when a bar is missed."""
    sections: dict[str, Callable[[], int]] = {
        "ingest": ingest_figures,
        "query": query_figures,
        "reads": read_figures,
        "archive": archive_figures,
        "builder": builder_figures,
        "measures": measure_figures,
        "backfill": backfill_figures,
        "page": page_figures,
        "imports": import_figures,
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(sections))
    options = parser.parse_args()
    if unknown := set(options.sections) - sections.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; the sections are {', '.join(sections)}")
    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }
    missed = sum(sections[name]() for name in options.sections or sections)
    print(f"{missed} bars missed" if missed else "every bar is met")
    return 1 if missed else 0


def ingest_figures() -> int:
    print(f"ingest: {POINTS:,} points, a reading a minute")
    with Simulator(BUILDING, clock=lambda: NOW) as simulator:
        names = [item["name"] for item in _client(simulator).configured_points(SITE).items]
        ids = {name: i for i, name in enumerate(sorted(names))}
        poll = run_ingest(_page(simulator, Span(NOW - WINDOW_MS, NOW)), ids)
        sync = run_ingest(_page(simulator, Span(NOW - SYNC_WINDOWS * WINDOW_MS, NOW)), ids)
        syncs = run_syncs(simulator, names)
    thousands = poll["samples"] / 1000
    print(f"  one poll: {poll['samples']:,.0f} samples, {poll['page_bytes']:,.0f} bytes of JSON")
    missed = show("write units per 1,000 samples", poll["write_units"] / thousands, "units", 4)
    show("  naive: one item per sample", poll["naive_write_units"] / thousands, "units")
    show("  one item per point and poll", poll["per_point_write_units"] / thousands, "units")
    show("  naive ÷ ours", poll["naive_write_units"] / poll["write_units"], "times")
    show("puts", poll["puts"], "puts")
    missed += show("CPU, bytes to blocks, first in its process", poll["cpu_first_s"], "s", 1.5)
    show("CPU, bytes to blocks, median of four more", poll["cpu_median_s"], "s")
    missed += show("peak memory of the process", poll["peak_mb"], "MB", 256)
    show("with the 15-minute overlap: samples", sync["samples"], "samples")
    show("with the 15-minute overlap: CPU, first", sync["cpu_first_s"], "s")
    show("with the 15-minute overlap: peak memory", sync["peak_mb"], "MB")
    print(f"  a sync each five minutes: {syncs['fetched']:,.0f} readings, {syncs['new']:,.0f} of them new")
    missed += show("write units per 1,000 new samples", syncs["write_units"], "units", 4)
    missed += show("requests to DynamoDB", syncs["requests"], "requests", 144)
    show("CPU per 1,000 new samples, median of five syncs", syncs["cpu_ms"], "ms")
    return missed


def query_figures() -> int:
    from bench import query

    print("query: 1 point × 24 h from the hot tier")
    with Simulator(BUILDING, clock=lambda: NOW) as simulator:
        listed = map(listed_from_ace, _client(simulator).configured_points(SITE).items)
        catalog = Catalog().refreshed(listed)
        first_group = Catalog(catalog.points[:64])
        day = _day_of(simulator, first_group)
    figures = query.figures(day, first_group, NOW - DAY_MS)
    show("samples", figures["samples"], "samples")
    missed = show("read units", figures["read_units"], "units", 40)
    show("requests to DynamoDB", figures["requests"], "requests")
    show("live: read units", figures["read_units_live"], "units")
    show("  requests to DynamoDB", figures["requests_live"], "requests")
    show("handler time, median of 15, stubbed network", figures["handler_median_s"] * 1000, "ms")
    from bench import tiers

    print("query: 1 point × 365 days at auto, and × 31 days raw and cold, on moto")
    results = tiers.figures(NOW)
    missed += show("365 days: requests of all kinds", results["year_requests"], "requests", 60)
    show("365 days: handler time with moto, median of 9", results["year_s"], "s")
    missed += show("  without moto", results["year_s"] - results["year_moto_s"], "s", 0.5)
    show("31 days: samples", results["month_samples"], "samples")
    show("31 days, no copies of footers: requests", results["month_requests"], "requests")
    missed += show("31 days: handler time, median of 9", results["month_s"], "s", 1)
    print("chart: 10 points × 31 days, m4 at 1,000 pixels")
    with Simulator(SimulatorSettings(points=chart.POINTS, sites=(SITE,)), clock=lambda: NOW) as simulator:
        drawn = chart.figures(simulator, SITE, NOW)
    show("samples read", drawn["samples"], "samples")
    show("samples returned", drawn["rows"], "samples")
    show("JSON, plain", drawn["bytes"] / 1000, "kB")
    missed += show("JSON, as the gateway sends it", drawn["gzip_bytes"] / 1000, "kB", 300)
    show("  where every value is 24 bits of noise", results["chart_gzip_bytes"] / 1000, "kB")
    show("on moto: handler time from files, median of 9", results["chart_miss_s"], "s")
    show("on moto: handler time from the cache, median of 9", results["chart_hit_s"], "s")
    show("  hit ÷ miss", results["chart_hit_s"] / results["chart_miss_s"], "of it")
    return missed


def read_figures() -> int:
    print("reads: canned answers of AWS, in sites of growing size; `python -m bench.reads` compares commits")
    missed = 0
    for size, name, figures in checkout.growth():
        most = site.most_requests()[name]
        missed += show(f"{size.points:,} points, {name}: requests", figures["requests"], "requests", most)
        show("  CPU of the handler", figures["cpu_ms"], "ms")
    return missed


def archive_figures() -> int:
    print(f"archive: one day of {POINTS:,} points as one Parquet file")
    jittered = archive_day(SimulatorSettings(points=POINTS, sites=(SITE,)), SITE)
    whole = archive_day(SimulatorSettings(points=POINTS, sites=(SITE,), uniform_times=True), SITE)
    samples = jittered["samples"]
    show("samples", samples, "samples")
    missed = show("CPU of the build", jittered["build_s"], "s", 12)
    missed += show("peak memory of the process", jittered["peak_mb"], "MB", 1024)
    show("CPU of reading it back and comparing", jittered["verify_s"], "s")
    missed += show("size, times in whole seconds", whole["bytes"] / whole["samples"], "B/sample", 1.75)
    size = jittered["bytes"] / samples
    missed += show("size, a fifth of the times to the millisecond", size, "B/sample", 1.75)
    show("  of it values", jittered["value_bytes"] / samples, "B/sample")
    show("  of it times", jittered["timestamp_bytes"] / samples, "B/sample")
    show("  of it names", jittered["point_name_bytes"] / samples, "B/sample")
    show("footer", jittered["footer_bytes"], "bytes")
    missed += show("1 point × 1 day: requests to S3", jittered["point_requests"], "requests", 3)
    share = 100 * jittered["point_bytes"] / jittered["bytes"]
    missed += show("1 point × 1 day: share of the file", share, "%", 2)
    show("1 point × 1 day: median of 15, stubbed network", jittered["point_median_s"] * 1000, "ms")
    return missed + measured_figures()


def builder_figures() -> int:
    print("day builder: a day of blocks to its file and rollups, stubbed network")
    built: dict[str, float] = json.loads(_python("-m", "bench.builder"))
    show("samples", built["samples"], "samples")
    show("blocks", built["blocks"], "blocks")
    show("requests to DynamoDB", built["requests"], "requests")
    missed = show("CPU, blocks to file and rollups", built["build_s"], "s", 20)
    missed += show("peak memory, the stored blocks among it", built["peak_mb"], "MB", 1024)
    show("rollups of a point and day", built["rollup_bytes"] / built["rollups"], "bytes")
    return missed


def measure_figures() -> int:
    print("measures in local days, from rollups: canned answers of AWS")
    results: dict[str, float] = json.loads(_python("-m", "bench.measures"))
    missed = 0
    for name, subject, most_requests, most_ms in (
        ("chicago", "increase of a meter, a year in Chicago", 60, 60),
        ("kolkata", "the same, a year in Kolkata", None, None),
        ("falls", "a year with a fall a day, Chicago", None, None),
        ("fans", "runtime of 50 fans, 31 days", None, 300),
    ):
        missed += show(f"{subject}: requests", results[f"{name}_requests"], "requests", most_requests)
        missed += show("  CPU of the handler", results[f"{name}_cpu_ms"], "ms", most_ms)
    if not victoria.is_installed():
        print(f"  {'difference from VictoriaMetrics':<56}{'not measured: it is not installed':>12}")
        return missed
    samples = series.meter(32)
    span = Span(series.FIRST_MS + DAY_MS, series.FIRST_MS + 31 * DAY_MS)
    difference = victoria.largest_difference(samples, span)
    return missed + show("largest difference from VictoriaMetrics", difference, "of a day", 1e-9)


def backfill_figures() -> int:
    print(f"backfill: a day of {POINTS:,} points from ACE's bytes to the verified file, on moto")
    start_ms = NOW - NOW % DAY_MS - 30 * DAY_MS
    with Simulator(BUILDING, clock=lambda: NOW) as simulator:
        key = simulator.settings.api_key
        output = _python("-m", "bench.backfill", simulator.url, key, day_name(start_ms), str(NOW))
    results: dict[str, float] = json.loads(output)
    show("samples", results["samples"], "samples")
    missed = show("requests to ACE", results["upstream_requests"], "requests", REQUESTS_A_DAY[POINTS])
    show("requests to AWS, a rollup of each point among them", results["aws_requests"], "requests")
    missed += show("CPU, moto's own among it", results["cpu_s"], "s", 60)
    missed += show("peak memory, moto's objects among it", results["peak_mb"], "MB", 1024)
    print("backfill: planned requests of a day, a reading a minute")
    for points, most in REQUESTS_A_DAY.items():
        listed = (ListedPoint(f"p{number}", interval_s=60) for number in range(points))
        planned = requests_a_day(Catalog().refreshed(listed))
        missed += show(f"{points:,} points", planned, "requests", most)
        show("  at 50 requests a minute", planned / 50, "minutes")
    return missed


def measured_figures() -> int:
    """The size of real readings; says so when they are not here."""
    if not MEASURED.is_dir():
        print(f"  {'size, measured readings':<56}{'not measured: no ' + MEASURED.name:>12}")
        return 0
    results = archive_day(SimulatorSettings(replay=MEASURED), MEASURED.name)
    return show("size, measured readings", results["bytes"] / results["samples"], "B/sample", 1.9)


def import_figures() -> int:
    """What imports take; the bars grow with the reference, because shared machines are slow at times."""
    print("cold start: CPU of importing a handler, best of five")
    seconds = {module: math.inf for module in (REFERENCE, *IMPORTS)}
    for _ in range(5):
        for module, best in seconds.items():
            seconds[module] = min(best, _import_seconds(module))
    slowdown = max(1.0, seconds[REFERENCE] / REFERENCE_S)
    show(REFERENCE, seconds[REFERENCE], "s")
    return sum(
        show(module, seconds[module], "s", round(bar * slowdown, 3)) for module, bar in IMPORTS.items()
    )


def run_ingest(body: bytes, ids: Mapping[str, int]) -> dict[str, float]:
    """Figures of one page in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.json").write_bytes(body)
        (Path(folder) / "ids.json").write_text(json.dumps(ids))
        (Path(folder) / "now_ms").write_text(str(NOW))
        output = _python("-m", "bench.ingest.page", folder)
    figures: dict[str, float] = json.loads(output)
    return figures


def run_syncs(simulator: Simulator, names: Sequence[str]) -> dict[str, float]:
    """Figures of consecutive syncs, in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "names.json").write_text(json.dumps(names))
        for end_ms in range(NOW - SYNCS * WINDOW_MS, NOW + 1, WINDOW_MS):
            body = _page(simulator, Span(end_ms - SYNC_WINDOWS * WINDOW_MS, end_ms))
            (Path(folder) / f"{end_ms}.page").write_bytes(body)
        figures: dict[str, float] = json.loads(_python("-m", "bench.ingest.syncs", folder))
    return figures


def archive_day(settings: SimulatorSettings, site: str) -> dict[str, float]:
    """Figures of one simulated day, built in a process of its own."""
    start_ms = NOW - NOW % DAY_MS - DAY_MS
    with tempfile.TemporaryDirectory() as folder, Simulator(settings, clock=lambda: NOW) as simulator:
        names = [item["name"] for item in _client(simulator).configured_points(site).items]
        archive.save_day(Path(folder), simulator, site, names, start_ms)
        figures: dict[str, float] = json.loads(_python("-m", "bench.archive", folder))
    return figures


def _day_of(simulator: Simulator, group: Catalog) -> Samples:
    """A day of the points of one group, an hour at a time."""
    parts: list[Samples] = []
    for hour in Span(NOW - DAY_MS, NOW).pieces(HOUR_MS):
        for name, (times, values) in simulator.site_series(SITE, hour.start_ms, hour.end_ms).items():
            if name in group.by_name:
                rows = zip(times.tolist(), values, strict=True)
                readings = [{"name": name, "value": v, "time": iso(t)} for t, v in rows]
                parts.append(accept(readings, group.active_ids, NOW).samples)
    return concat(parts)


def _page(simulator: Simulator, span: Span) -> bytes:
    query: dict[str, Any] = {"start_time": iso(span.start_ms), "end_time": iso(span.end_ms)}
    query |= {"page_size": 100_000, "raw_data": "true"}
    answer = requests.get(
        f"{simulator.url}/sites/{SITE}/timeseries/paginated",
        params=query,
        headers={"Authorization": f"Bearer {simulator.settings.api_key}"},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.content


def _client(simulator: Simulator) -> AceClient:
    return AceClient(simulator.url, simulator.settings.api_key, Pace(60_000, burst=1_000))


def _import_seconds(module: str) -> float:
    measure = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    return float(_python("-c", measure, **FUNCTION))


def _python(*arguments: str, **environ: str) -> str:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "functions", ROOT / "layers/common/python")))
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path} | environ,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
