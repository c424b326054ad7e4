"""The headers of columns."""

from hypothesis import given
from hypothesis import strategies as st

from vitals.reading.tables.headers import headers

TEXTS = st.sampled_from(["a", "a [kWh]", "a [kWh] []", "timestamp", "b"])


@given(st.lists(st.tuples(TEXTS, st.sampled_from(["", "kWh", "kW"])), unique_by=lambda column: column[0]))
def test_no_two_headers_are_equal(columns: list[tuple[str, str]]) -> None:
    result = headers(columns)
    assert len({*result, "timestamp"}) == len(columns) + 1
    for header, (name, unit) in zip(result, columns, strict=True):
        assert header.startswith(f"{name} [{unit}]" if unit else name)
