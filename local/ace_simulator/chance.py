"""Seeded randomness: hashed numbers for readings, a generator for faults."""

import hashlib
import threading
from collections import Counter

import numpy as np
import numpy.typing as npt

type Ints = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]

_WORD = 2**64
_GOLDEN = 0x9E3779B97F4A7C15


def site_key(seed: int, site: str) -> int:
    """Returns the key from which all hashed numbers of a site derive."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{site}".encode(), digest_size=8).digest())


def uniform(key: int, salt: int, series: Ints, tick: Ints | Floats) -> Floats:
    """Returns numbers in [0, 1) that depend on nothing but the arguments."""
    start = np.uint64((key + salt * _GOLDEN) % _WORD)
    mixed = _mix(series.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03) + start)
    mixed = _mix(mixed ^ tick.astype(np.int64).astype(np.uint64) * np.uint64(_GOLDEN))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of splitmix64 (https://prng.di.unimi.it/splitmix64.c)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Draws:
    """A seeded generator that decides about faults, and counts of answers that faults changed.

    Readings never use it, so that faults do not change them.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def happens(self, rate: float) -> bool:
        """Returns True in a `rate` of the calls; draws nothing when the answer is certain."""
        if rate <= 0 or rate >= 1:
            return rate >= 1
        with self._lock:
            return bool(self._generator.random() < rate)

    def count(self, fault: str) -> None:
        """Counts an answer that the fault changed."""
        with self._lock:
            self._counts[fault] += 1

    def counts(self) -> dict[str, int]:
        """Returns how many answers each counted fault has changed."""
        with self._lock:
            return dict(self._counts)

    def below(self, limit: int) -> int:
        """Returns a whole number from 0 to limit - 1."""
        with self._lock:
            return int(self._generator.integers(limit))

    def sample(self, count: int, rate: float) -> list[int]:
        """Returns about a `rate` of the numbers below `count`, but never all of them."""
        if not rate:
            return []
        with self._lock:
            chosen = np.flatnonzero(self._generator.random(count) < rate)
        return [int(number) for number in chosen[: max(0, count - 1)]]

    def order(self, count: int) -> list[int]:
        """Returns the numbers below `count` in random order."""
        with self._lock:
            return [int(number) for number in self._generator.permutation(count)]
