"""The headers of a table's columns in files. Pure."""

from collections.abc import Iterable

TIME = "timestamp"


def headers(columns: Iterable[tuple[str, str]]) -> list[str]:
    """Returns a header for each column, given its name and unit: `name [unit]`.

    No two are the same, and none is `timestamp`.
    """
    result = {TIME: None}
    for name, unit in columns:
        header = f"{name} [{unit}]" if unit else name
        while header in result:
            header += " []"
        result[header] = None
    return list(result)[1:]
