"""The rows of a point in another unit, and the unit of each measure."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from vitals.model import units
from vitals.model.aggregates import Aggregates
from vitals.model.kinds import Kind
from vitals.model.measures.measure import BucketRows
from vitals.model.samples import Samples, Values
from vitals.model.timespan import HOUR_MS
from vitals.model.units import System

_SECONDS = ("runtime", "held")
_NUMBERS = ("count", "starts")
# Sums and distances of values: the zero of the scale does not count in them.
_DIFFERENCES = ("increase", "rate", "sd")
_LARGEST = np.finfo(np.float64).max

type AnyRows = Samples | Aggregates | BucketRows


@dataclass(frozen=True, slots=True)
class Conversion:
    """From the unit of the source to the one of an answer, both as texts."""

    source: str
    target: str

    @classmethod
    def of_point(cls, unit: str, kind: Kind, system: System) -> Self:
        """Returns the conversion of a point; the values of a binary or multistate one are no quantities."""
        is_state = kind in ("binary", "multistate")
        return cls(unit, unit if is_state else units.target(unit, system))

    def unit_of(self, measure: str) -> str:
        """Returns the unit of a measure, which for raw samples is that of a mean."""
        if measure in _SECONDS:
            return "s"
        if measure in _NUMBERS:
            return ""
        if measure in _DIFFERENCES:
            difference = units.difference(self.target)
            return f"{units.symbol(difference) or 1}/h" if measure == "rate" else difference
        return units.by_hours(self.target) if measure == "integral" else self.target

    def value(self, value: float) -> float:
        """Returns one value."""
        return float(self.values(np.array([value]))[0])

    def values(self, values: Values) -> Values:
        """Returns values that are no differences."""
        return units.convert(values, self.source, self.target)

    def rows(self, rows: AnyRows, measure: str) -> AnyRows:
        """Returns the rows in the unit of the answer."""
        if self.source == self.target:
            return rows
        if isinstance(rows, Samples):
            return replace(rows, values=self.values(rows.values))
        if isinstance(rows, Aggregates):
            return self._aggregates(rows)
        return replace(
            rows,
            values=self._measured(rows, measure),
            bridged=self._differences(rows.bridged),
            stats=None if rows.stats is None else self._aggregates(rows.stats),
        )

    def _aggregates(self, rows: Aggregates) -> Aggregates:
        return replace(
            rows,
            values=self.values(rows.values),
            mins=self.values(rows.mins),
            maxs=self.values(rows.maxs),
            firsts=self.values(rows.firsts),
            lasts=self.values(rows.lasts),
        )

    def _measured(self, rows: BucketRows, measure: str) -> Values:
        if measure in _SECONDS + _NUMBERS:
            return rows.values
        if measure in _DIFFERENCES:
            return self._differences(rows.values)
        if measure == "integral":
            # The zero of the scale counts for as long as a value is known.
            zeros = self.value(0.0) * (np.maximum(0, rows.held_ms) / HOUR_MS)
            return np.clip(self._differences(rows.values) + zeros, -_LARGEST, _LARGEST)
        return self.values(rows.values)

    def _differences(self, values: Values) -> Values:
        return units.convert(values, self.source, self.target, difference=True)


NO_UNIT = Conversion("", "")
"""The conversion of a point without a unit."""
