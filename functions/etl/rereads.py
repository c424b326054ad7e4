"""The messages that let the recent past be read again, for what arrived late."""

from etl import plan
from vitals.model.points import Catalog
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import Span, iso
from vitals.pipeline.ingest import Ingest
from vitals.pipeline.page_spans import density_of, next_page

type Message = dict[str, str]


def reread_messages(
    ingest: Ingest,
    record: SiteRecord,
    catalog: Catalog,
    checkpoint_ms: int,
    *,
    full: bool,
    unread: plan.Unread | None,
) -> list[Message]:
    """Returns a message for each span of `plan.rereads`, which probably takes one request."""
    horizon = Span(checkpoint_ms - plan.HORIZON_MS, checkpoint_ms)
    longest = next_page(horizon, density_of(catalog), ingest.ace.page_size).span
    coverage = ingest.ledger.coverage(record.site, horizon)
    spans = plan.rereads(
        coverage, record, checkpoint_ms, full=full, longest_ms=longest.length_ms, unread=unread
    )
    return [{"site": record.site, "start": iso(span.start_ms), "end": iso(span.end_ms)} for span in spans]
