import pytest

from bench.capacity import write_units
from vitals.aws.cost import item_size, read_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"B": b"abc"}, 3),
        ({"N": "1"}, 2),
        ({"N": "1767225600000"}, 5),
        ({"N": "123456789"}, 6),
        ({"N": "-12"}, 3),
        ({"BS": [b"ab", b"c"]}, 3),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "ab"}, {"M": {"a": {"N": "1"}}}]}, 3 + 1 + 2 + 1 + 3 + 1 + 1 + 2),
    ],
)
def test_sizes_follow_the_published_rules(value: dict, size: int) -> None:
    assert item_size({"ab": value}) == 2 + size


def test_units_round_up_per_put_and_per_page() -> None:
    kilobyte = {"b": {"B": b"x" * 1023}}
    assert write_units(kilobyte) == 1
    assert write_units({"b": {"B": b"x" * 1024}}) == 2
    assert read_units([kilobyte] * 4) == 0.5
    assert read_units([kilobyte] * 5) == 1.0
    assert read_units([]) == 0.5
