"""The rows of an export's files, read as other programs read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv, parquet

_HEADER = b"point_name,timestamp,value\n"
_TYPES = {
    "point_name": pa.string(),
    "timestamp": pa.timestamp("ms", "UTC"),
    "value": pa.float64(),
}


@dataclass(frozen=True, slots=True, eq=False)
class ExportRows:
    """Columns of one length: point ids (-1 for a name that the catalog lacks), times in UTC ms, values."""

    ids: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times)

    def sorted(self) -> "ExportRows":
        """Returns the rows by point, then time."""
        order = np.lexsort((self.times, self.ids))
        return ExportRows(self.ids[order], self.times[order], self.values[order])

    @property
    def doubled(self) -> int:
        """How many of the rows, which are sorted, repeat a point and time."""
        return int(((np.diff(self.ids) == 0) & (np.diff(self.times) == 0)).sum())


def read(body: bytes, form: str, ids: Mapping[str, int]) -> ExportRows:
    """Returns the rows of a file; ValueError when it cannot be read or has other columns."""
    table = _csv(body) if form == "csv" else parquet.read_table(pa.BufferReader(body), use_threads=False)
    if table.column_names != list(_TYPES) or any(column.null_count for column in table.columns):
        raise ValueError(f"the columns are {table.column_names}, or have nulls")
    names = table.column("point_name").combine_chunks()
    if not pa.types.is_dictionary(names.type):
        names = names.dictionary_encode()
    of_name = np.array([ids.get(name, -1) for name in names.dictionary.to_pylist()], np.int64)
    times = table.column("timestamp").combine_chunks().cast(pa.int64()).to_numpy()
    return ExportRows(of_name[names.indices.to_numpy()], times, table.column("value").to_numpy())


def concat(parts: list[ExportRows]) -> ExportRows:
    """Returns the rows of all parts."""
    empty: Any = ExportRows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    return ExportRows(
        *(
            np.concatenate([getattr(rows, name) for rows in (empty, *parts)])
            for name in ("ids", "times", "values")
        )
    )


def _csv(body: bytes) -> Any:
    if not body.startswith(_HEADER):
        raise ValueError(f"the header is {body[:40]!r}")
    return csv.read_csv(
        pa.BufferReader(body),
        read_options=csv.ReadOptions(use_threads=False, block_size=max(1 << 20, len(body) + 1)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=_TYPES, null_values=[], strings_can_be_null=False),
    )
