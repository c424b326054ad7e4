"""Writes pages as CSV or Parquet, to a file or a stream."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from vitals_client.cli.query import bucket_table
from vitals_client.exports import atomic_file

if TYPE_CHECKING:
    import pyarrow as pa

_TIMES = ("timestamp", "end")


def write_csv(pages: Iterator["pa.Table"], out: TextIO) -> None:
    """Writes the pages as the API's CSV."""
    writer = csv.writer(out, lineterminator="\n")
    for index, page in enumerate(pages):
        if index == 0:
            writer.writerow(page.column_names)
        writer.writerows(_rows(page))


def write_parquet(pages: Iterator["pa.Table"], path: Path) -> None:
    """Writes each page as at least one row group."""
    import pyarrow.parquet as pq

    first = next(pages)
    schema = first.schema.remove_metadata()
    with _binary_output(path) as out, pq.ParquetWriter(out, schema) as writer:
        writer.write_table(first.cast(schema))
        for page in pages:
            writer.write_table(page.cast(schema))


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    columns = (
        bucket_table.iso_texts(table[name]) if name in _TIMES else table[name].to_pylist()
        for name in table.column_names
    )
    return zip(*columns, strict=True)


@contextmanager
def text_output(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with _binary_output(path) as out, TextIOWrapper(out, "utf-8", newline="") as text:
        yield text


@contextmanager
def _binary_output(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that is replaced when it is complete. Links are followed, devices and pipes written to."""
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            yield out
    else:
        with atomic_file(path.resolve()) as out:
            yield out
