"""Grids as comma-separated values: the names of the columns and the rows, without meta data."""

import csv
import io

from vitals.codec.haystack import zinc
from vitals.model.haystack.values import Cells, Grid, Instants, Mark, Ref, Uri, Value

_MARKER = "✓"


def encode(grid: Grid) -> str:
    """Returns the grid as text; texts have no escapes, and markers are check marks."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([column.name for column in grid.columns] or ["empty"])
    writer.writerows(zip(*(_cells(column.cells) for column in grid.columns), strict=True))
    return output.getvalue()


def _cells(cells: Cells) -> list[str]:
    if isinstance(cells, Instants):
        return zinc.instant_texts(cells)
    return ["" if value is None else _text(value) for value in cells]


def _text(value: Value) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Mark.MARKER:
            return _MARKER
        case Ref():
            return f"@{value.id} {value.dis}" if value.dis else f"@{value.id}"
        case Uri():
            return value.text
        case _:
            return zinc.text_of(value)
