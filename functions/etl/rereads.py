"""The messages that let the recent past be read again, for what arrived late."""

from etl import plan
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import Span, iso
from vitals.pipeline.ingest import Ingest

type Message = dict[str, str]


def reread_messages(
    ingest: Ingest, record: SiteRecord, checkpoint_ms: int, *, full: bool, unread: plan.Unread | None
) -> list[Message]:
    """Returns a message for each span of `plan.rereads`."""
    horizon = Span(checkpoint_ms - plan.HORIZON_MS, checkpoint_ms)
    coverage = ingest.ledger.coverage(record.site, horizon)
    spans = plan.rereads(coverage, record, checkpoint_ms, full=full, unread=unread)
    return [{"site": record.site, "start": iso(span.start_ms), "end": iso(span.end_ms)} for span in spans]
