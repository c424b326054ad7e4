"""The increase of a meter without dips or jitter: ours beside that of VictoriaMetrics, if it is installed."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import requests

from vitals.model.measures import counters
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.measures.measure import Measure, bucket_rows
from vitals.model.samples import Samples, Values
from vitals.model.timespan import DAY_MS, Span

PROGRAM = "victoria-metrics"
_TIMEOUT_S = 30.0
_METER = "meter"


def is_installed() -> bool:
    """Returns whether VictoriaMetrics is on this machine."""
    return shutil.which(PROGRAM) is not None


def largest_difference(samples: Samples, span: Span) -> float:
    """Returns the largest difference of a UTC day's increase, relative to ours."""
    ours = increases(samples, span)
    theirs = _of_victoria(samples, span)
    return float(np.max(np.abs(ours - theirs) / ours))


def increases(samples: Samples, span: Span) -> Values:
    """Returns the increase of each UTC day of a span within the samples of one point."""
    hours = Calendar(Interval.parse("1h")).edges(Span(int(samples.times[0]), int(samples.times[-1]) + 1))
    cells = cells_of(samples, hours, np.full(len(samples), holds_of(60)))
    steps = counters.steps(cells, samples, {})
    edges = Calendar(Interval.parse("1d")).edges(span)
    rows = bucket_rows(Measure.parse("increase"), cells, edges, steps=steps)
    return rows.values[rows.has_value]


def _of_victoria(samples: Samples, span: Span) -> Values:
    with _running() as url:
        line = {
            "metric": {"__name__": _METER},
            "values": samples.values.tolist(),
            "timestamps": samples.times.tolist(),
        }
        requests.post(f"{url}/api/v1/import", data=json.dumps(line), timeout=_TIMEOUT_S).raise_for_status()
        requests.get(f"{url}/internal/force_flush", timeout=_TIMEOUT_S).raise_for_status()
        # At the end of each day; a window of theirs includes its end, where no sample is.
        parameters: dict[str, str | float] = {
            "query": f"increase({_METER}[1d])",
            "start": (span.start_ms + DAY_MS) / 1000,
            "end": span.end_ms / 1000,
            "step": "1d",
            "nocache": "1",
        }
        answer = requests.get(f"{url}/api/v1/query_range", params=parameters, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        [series] = answer.json()["data"]["result"]
        return np.array([float(value) for _, value in series["values"]])


@contextmanager
def _running() -> Iterator[str]:
    """Starts VictoriaMetrics in a folder of its own, and yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            PROGRAM,
            f"-storageDataPath={folder}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
        ]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _await(url)
            yield url
        finally:
            process.terminate()
            process.wait(_TIMEOUT_S)


def _await(url: str) -> None:
    end_s = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < end_s:
        try:
            if requests.get(f"{url}/health", timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(f"{PROGRAM} did not start within {_TIMEOUT_S:g} s")
