"""What the simulated upstream does wrong, and how often.

`nan` writes bare NaN and Infinity into pages and listings, `bad_text` what is no valid Unicode, and neither
changes a sample that is right. `drip` sends an answer so slowly that it never ends. `listing_shift` takes a
point away between two pages of a listing, so that another one is on no page; it needs more points than a page
holds (VITALS_POINTS).
"""

import dataclasses
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# What people write; the rest are called as the fields are.
_WRITTEN = {"server_error": "5xx", "rate_limited": "429"}


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates from 0 to 1, apart from `late_minutes`, `delay` (seconds that an answer takes) and `status`.

    The status is answered to every request, 0 to none.
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

    def __post_init__(self) -> None:
        for name, value in self.written().items():
            if name == "status":
                ok, meaning = value == int(value) and (value == 0 or 400 <= value < 600), "0 or 400 to 599"
            elif name == "late_minutes":
                ok, meaning = 0 <= value < 10_000, "minutes from 0 to 10000"
            elif name == "delay":
                ok, meaning = 0 <= value <= 60, "seconds from 0 to 60"
            else:
                ok, meaning = 0 <= value <= 1, "a rate from 0 to 1"
            if not ok:
                raise ValueError(f"fault {name}={value} is not {meaning}")

    def written(self) -> dict[str, float]:
        """The faults by the names that people write."""
        return {_WRITTEN.get(name, name): value for name, value in dataclasses.asdict(self).items()}


def from_mapping(found: Mapping[str, object]) -> Faults:
    """Faults of a JSON object; what it leaves out is off. ValueError names what is wrong."""
    fields = {_WRITTEN.get(f.name, f.name): f.name for f in dataclasses.fields(Faults)}
    values: dict[str, float] = {}
    for name, value in found.items():
        if name not in fields:
            raise ValueError(f"no fault is called {name!r}; there are {', '.join(fields)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"fault {name}={value!r} is no number")
        values[fields[name]] = value
    status = values.pop("status", 0)
    if not float(status).is_integer():
        raise ValueError(f"fault status={status} is no whole number")
    return Faults(**values, status=int(status))


def parse(text: str) -> Faults:
    """Faults of a text such as `5xx=0.05,late=0.1,late_minutes=30`; ValueError names what is wrong."""
    found: dict[str, object] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise ValueError(f"{part!r} is not name=number")
        if name in found:
            raise ValueError(f"fault {name} is given twice")
        try:
            found[name] = float(value)
        except ValueError:
            raise ValueError(f"fault {name}={value} is no number") from None
    return from_mapping(found)


class Draws:
    """The seeded chance behind the faults, and how often they did something; the readings never ask it."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def happens(self, rate: float) -> bool:
        """True in a `rate` of the calls; draws nothing when the answer is certain."""
        if rate <= 0 or rate >= 1:
            return rate >= 1
        with self._lock:
            return bool(self._generator.random() < rate)

    def count(self, fault: str) -> None:
        """Notes that the fault changed an answer."""
        with self._lock:
            self._counts[fault] += 1

    def counts(self) -> dict[str, int]:
        """How many answers each fault changed, of those that are counted."""
        with self._lock:
            return dict(self._counts)

    def below(self, limit: int) -> int:
        """A whole number from 0 to under `limit`."""
        with self._lock:
            return int(self._generator.integers(limit))

    def some_of(self, count: int, rate: float) -> list[int]:
        """About a `rate` of the numbers under `count`, but never all of them."""
        if not rate:
            return []
        with self._lock:
            chosen = np.flatnonzero(self._generator.random(count) < rate)
        return [int(number) for number in chosen[: max(0, count - 1)]]

    def order(self, count: int) -> list[int]:
        """The numbers under `count` in some order."""
        with self._lock:
            return [int(number) for number in self._generator.permutation(count)]
