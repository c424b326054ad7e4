"""A point and a range of the simulated building, and the samples in the client's files."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.clock import NOON
from tests.support.sites import SITE
from vitals.model.timespan import MINUTE_MS, Span

SPAN = Span(NOON - 135 * MINUTE_MS, NOON + 20 * MINUTE_MS)
"""The range that the building is synced for."""
POINT = f"ses/{SITE}/8000:33-8033/analogInput/100"


type Samples = dict[tuple[str, int], bytes]


def samples(*pages: pa.Table) -> Samples:
    """Returns every sample by name and time, with the bytes of its value; none may come twice."""
    samples: Samples = {}
    for page in pages:
        names, values = page["point_name"].to_pylist(), page["value"].to_numpy()
        times = page["timestamp"].cast(pa.int64()).to_pylist()
        rows = zip(names, times, values, strict=True)
        samples_of_page = {(name, time): value.tobytes() for name, time, value in rows}
        assert len(samples_of_page) == page.num_rows
        assert not samples.keys() & samples_of_page.keys()
        samples |= samples_of_page
    return samples


def of_parquet(files: list[Path]) -> Samples:
    return samples(*(pq.read_table(file) for file in files))


def of_csv(files: list[Path]) -> Samples:
    rows = [row for file in files for row in csv.DictReader(file.read_text().splitlines())]
    return {
        (row["point_name"], round(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000)): np.float64(
            row["value"]
        ).tobytes()
        for row in rows
    }
