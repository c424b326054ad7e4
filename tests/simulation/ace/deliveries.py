"""What answers carried to the product."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.ace.readings import Batch, Key
from vitals.model.timespan import Span


@dataclass(frozen=True, slots=True)
class Delivery:
    """A page of readings, or the weather, as a correct product accepts it from the body that was sent.

    Bodies that must be rejected whole (cut short, no JSON object, without the list) are no deliveries.
    Whether a point is configured is not considered: that is for the product's catalog to say.
    """

    site: str
    span: Span
    """What the request asked for; of the weather, the window of its readings."""
    page: int
    """The number of the page in its run of cursors, from 1."""
    cursor: str
    """The cursor of the request; empty for the first page."""
    served_ms: int
    batches: Sequence[Batch]
    """What is delivered; a batch of the book is the same object while nothing in its window changes."""
    malformed: Sequence[Key] = ()
    """Readings that were visible and sent in a form that cannot be read."""
    is_last: bool = True
    """Whether this page ends the run, as a correct product reads it."""
    is_weather: bool = False

    @property
    def readings(self) -> list[tuple[str, int, float]]:
        """Returns (name, time in ms, value) of every sample, in the order of the body, doubled ones twice."""
        return [sample for batch in self.batches for sample in batch.samples]


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of a listing, as a correct product reads it."""

    site: str
    page: int
    pages: int
    served_ms: int
    names: Sequence[str]
    """The points that it names."""
    malformed: Sequence[str] = ()
    """The points whose entries cannot be read."""
    missing: Sequence[str] = ()
    """Configured points that this page does not count, wherever they would be."""
    shifted: str = ""
    """A point that vanished after an earlier page of this run: another point is on no page."""
