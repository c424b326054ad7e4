"""The table of an answer: its rows, and the values of each column."""

from typing import NotRequired, TypedDict

import numpy as np

from query.schemas import Integers, Numbers, TableColumn
from vitals.model.measures.measure import BucketRows
from vitals.reading.reader import Page
from vitals.reading.reads import PlannedRead
from vitals.reading.tables.table import table_of


class TableView(TypedDict):
    """What an answer in the form of a table has beside its head."""

    timestamps: Integers
    columns: list[TableColumn[Numbers]]
    partial: list[int]
    ends: NotRequired[Integers]


def table(query: PlannedRead, page: Page) -> TableView:
    """Returns the table of a page."""
    plan = query.plan
    assert plan.calendar and isinstance(page.rows, BucketRows)
    end_ms = plan.span.end_ms if page.next_ms is None else page.next_ms
    content = table_of(query, page.rows, end_ms)
    columns: list[TableColumn[Numbers]] = [
        {
            "point_name": column.name,
            "unit": column.unit,
            "source_unit": column.source_unit,
            "values": column.values,
            "filled": np.flatnonzero(column.is_filled).tolist(),
        }
        for column in content.columns
    ]
    view: TableView = {
        "timestamps": content.starts,
        "columns": columns,
        "partial": np.flatnonzero(content.partial).tolist(),
    }
    if plan.calendar.interval.is_of_days:
        view["ends"] = content.ends
    return view
