"""The windows of one site-day as the ledger stores them.

Item: c counts (288 little-endian uint32), p polled (288 bytes, 0 or 1), k the points that were configured in
every poll (point_set.py; absent in older records, which claim every point), r revision. Counts and polls only
grow, and a claim only describes reads that were made, so records merge in any order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vitals.model import point_set
from vitals.model.timespan import WINDOW_MS, WINDOWS_PER_DAY


@dataclass(frozen=True, slots=True, eq=False)
class DayWindows:
    """The record of one day as it was read: `revision` is 0 when there is none."""

    counts: npt.NDArray[np.uint32]
    polled: npt.NDArray[np.bool_]
    claimed: point_set.PointSet | None
    revision: int

    def after(
        self, day_ms: int, polled: set[int], counts: dict[int, int], configured: point_set.PointSet
    ) -> "DayWindows":
        """Returns the record after windows (start ms) were polled, with their numbers of samples."""
        new_counts, read = self.counts.copy(), np.zeros(WINDOWS_PER_DAY, np.bool_)
        for window_ms, count in counts.items():
            index = (window_ms - day_ms) // WINDOW_MS
            new_counts[index] = max(new_counts[index], count)
            read[index] = window_ms in polled
        claimed = point_set.next_claim(self.claimed, self.polled, read, configured)
        return DayWindows(new_counts, self.polled | read, claimed, self.revision)

    def same(self, other: "DayWindows") -> bool:
        return (
            np.array_equal(self.counts, other.counts)
            and np.array_equal(self.polled, other.polled)
            and self.claimed == other.claimed
        )

    @classmethod
    def empty(cls) -> "DayWindows":
        """Returns the windows of a day without a record."""
        return cls(np.zeros(WINDOWS_PER_DAY, np.uint32), np.zeros(WINDOWS_PER_DAY, np.bool_), None, 0)

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "DayWindows":
        """Returns the windows of a record."""
        counts = np.frombuffer(bytes(item["c"]["B"]), "<u4").astype(np.uint32)
        polled = np.frombuffer(bytes(item["p"]["B"]), np.uint8).astype(np.bool_)
        claimed = point_set.decode(bytes(item["k"]["B"])) if "k" in item else None
        return cls(counts, polled, claimed, int(item["r"]["N"]))

    def update(self) -> dict[str, Any]:
        """Returns the parameters of the UpdateItem that writes the record over the revision it is from."""
        values: dict[str, Any] = {
            ":c": {"B": self.counts.astype("<u4").tobytes()},
            ":p": {"B": self.polled.astype(np.uint8).tobytes()},
            ":r": {"N": str(self.revision + 1)},
        }
        update = "SET c = :c, p = :p, r = :r"
        if self.claimed is not None:
            update += ", k = :k"
            values[":k"] = {"B": point_set.encode(self.claimed)}
        if self.revision:
            values[":read"] = {"N": str(self.revision)}
        return {
            "UpdateExpression": update,
            "ConditionExpression": "r = :read" if self.revision else "attribute_not_exists(pk)",
            "ExpressionAttributeValues": values,
        }
