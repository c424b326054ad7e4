"""The rows of Parquet files as record batches; floats survive to the bit."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from vitals.codec import day_file
from vitals.model.row_counts import RowCounts
from vitals.model.timespan import Span

_BATCH_ROWS = 262_144


def schema() -> Any:
    """Returns the columns of a day file, with the names as a dictionary."""
    import pyarrow as pa

    columns = day_file.schema()
    return columns.set(0, columns.field("point_name").with_type(pa.dictionary(pa.int32(), pa.string())))


def record_batches(
    file: Path, names: Collection[str] | None, span: Span, counts: RowCounts | None = None
) -> Iterator[Any]:
    """Yields the samples in the span of these points, or of all for None, and counts them in `counts`.

    The file is a day file, or one that Athena left (athena_sql.samples), with times as `time_ms` and rows
    without a name that count the samples of a day.
    """
    import pyarrow as pa
    from pyarrow import parquet

    values = None if names is None else pa.array(names, pa.string())
    with parquet.ParquetFile(file, read_dictionary=["point_name"]) as opened:
        for batch in opened.iter_batches(_BATCH_ROWS):
            selected = _select(batch, values, span, counts)
            if len(selected):
                if counts:
                    counts.add(selected.column(1).cast(pa.int64()).to_numpy())
                yield selected


def _select(batch: Any, names: Any, span: Span, counts: RowCounts | None) -> Any:
    """Returns the batch's samples in the span of these points, and counts the rows without a name."""
    import pyarrow as pa
    from pyarrow import compute

    points, times, values = batch.column(0), batch.column(1).cast(pa.int64()), batch.column(2)
    selection = compute.and_(compute.greater_equal(times, span.start_ms), compute.less(times, span.end_ms))
    if counts:
        counts.rows_read += len(batch)
    if points.null_count:
        nameless = compute.is_null(points)
        if counts:
            first_times, source_counts = times.filter(nameless), values.filter(nameless)
            counts.add_source_counts(first_times.to_numpy(), source_counts.to_numpy())
        selection = compute.and_not(selection, nameless)
    if names is not None:
        is_named = compute.is_in(points.dictionary, names).take(points.indices)
        selection = compute.and_(selection, is_named)
    columns = [points, times.cast(pa.timestamp("ms", "UTC")), values]
    return pa.RecordBatch.from_arrays(columns, schema=schema()).filter(selection)
