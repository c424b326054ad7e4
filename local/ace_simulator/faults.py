"""The faults of the simulated upstream, and how often they happen.

`nan` writes bare NaN and Infinity into pages and listings, `bad_text` text that is not valid Unicode; neither
changes a valid sample. `drip` sends an answer so slowly that it never ends. `listing_shift` removes a point
between two pages of a listing, so that another point is on no page; the site needs more points than a page
holds (VITALS_POINTS).
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

# Names that differ from the fields; every other fault has the name of its field.
_NAMES = {"server_error": "5xx", "rate_limited": "429"}


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates from 0 to 1, and four faults in other units.

    `late_minutes` is the longest delay of late readings, `delay` the seconds that each answer takes, and
    `status`, unless it is 0, the answer to every request. Larger pages of readings than `page_limit`, unless
    it is 0, are answered 504.
    """

    server_error: float = 0.0
    rate_limited: float = 0.0
    truncate: float = 0.0
    garbage: float = 0.0
    duplicate: float = 0.0
    shuffle: float = 0.0
    empty: float = 0.0
    late: float = 0.0
    late_minutes: float = 10.0
    repeat_cursor: float = 0.0
    nan: float = 0.0
    bad_text: float = 0.0
    drip: float = 0.0
    delay: float = 0.0
    status: int = 0
    listing_shift: float = 0.0
    page_limit: float = 0.0

    def __post_init__(self) -> None:
        for name, value in self.by_name().items():
            if name == "status":
                is_valid, range_text = value == 0 or 400 <= value < 600, "0, or from 400 to 599"
            elif name == "late_minutes":
                is_valid, range_text = 0 <= value < 10_000, "minutes from 0 to 10000"
            elif name == "page_limit":
                is_valid, range_text = value >= 0, "a number of readings"
            elif name == "delay":
                is_valid, range_text = 0 <= value <= 60, "seconds from 0 to 60"
            else:
                is_valid, range_text = 0 <= value <= 1, "a rate from 0 to 1"
            if not is_valid:
                raise ValueError(f"fault {name} must be {range_text}, not {value}")

    def by_name(self) -> dict[str, float]:
        """Returns the faults by the names that users write."""
        return {_NAMES.get(field, field): value for field, value in dataclasses.asdict(self).items()}


def from_mapping(values: Mapping[str, object]) -> Faults:
    """Returns the faults of a JSON object; those that it omits are off. ValueError names an invalid one."""
    fields = {_NAMES.get(field.name, field.name): field.name for field in dataclasses.fields(Faults)}
    numbers: dict[str, float] = {}
    for name, value in values.items():
        if name not in fields:
            raise ValueError(f"there is no fault {name!r}; use {', '.join(fields)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"fault {name} must be a number, not {value!r}")
        numbers[fields[name]] = value
    status = numbers.pop("status", 0)
    if not float(status).is_integer():
        raise ValueError(f"fault status must be a whole number, not {status}")
    return Faults(**numbers, status=int(status))


def parse(text: str) -> Faults:
    """Returns the faults of a text such as `5xx=0.05,late=0.1`; ValueError names an invalid one."""
    values: dict[str, object] = {}
    for assignment in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (side.strip() for side in assignment.partition("="))
        if not equals:
            raise ValueError(f"{assignment!r} must be name=number")
        if name in values:
            raise ValueError(f"fault {name} must be set only once")
        try:
            values[name] = float(value)
        except ValueError:
            raise ValueError(f"fault {name} must be a number, not {value!r}") from None
    return from_mapping(values)
