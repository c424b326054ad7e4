"""Which spans of a day a run reads next: pure, from the spans that are staged."""

from collections.abc import Sequence

from vitals.model import point_set
from vitals.model.points import Catalog
from vitals.model.timespan import Span
from vitals.pipeline.page_spans import PagePlan, density_after, density_of, next_page
from vitals.store.tiers.staging import StagedSpan


def usable_spans(staged: Sequence[StagedSpan], closed: Span, catalog: Catalog) -> list[StagedSpan]:
    """Returns those of the spans (oldest first) that need not be read again; no two overlap.

    They are within `closed` and were read for every point that is configured now.
    """
    usable: list[StagedSpan] = []
    covered_ms = closed.start_ms
    for receipt in staged:
        is_inside = covered_ms <= receipt.start_ms and receipt.end_ms <= closed.end_ms
        if is_inside and point_set.contains(receipt.points, catalog.configured):
            usable.append(receipt)
            covered_ms = receipt.end_ms
    return usable


def next_span(staged: Sequence[StagedSpan], closed: Span, catalog: Catalog, largest: int) -> PagePlan | None:
    """Returns the first span of `closed` to read, None when the staged ones (as `usable_spans`) cover it.

    It has as many readings as fit a page of at most `largest`, if it has as many per second as the staged
    span before it, or as its points have by their intervals.
    """
    density, start_ms = density_of(catalog), closed.start_ms
    for receipt in staged:
        if receipt.start_ms > start_ms:
            return next_page(Span(start_ms, receipt.start_ms), density, largest)
        density, start_ms = density_after(density, receipt.span, receipt.readings), receipt.end_ms
    gap = Span(start_ms, closed.end_ms)
    return next_page(gap, density, largest) if gap else None
