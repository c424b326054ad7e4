"""What a delivery of an export's message does, by the state of the export: pure."""

import math
from typing import Final, Literal

from vitals.model.records.exports import Export

Action = Literal["claim", "wait", "cancel", "end"]

CLAIM: Final = "claim"
WAIT: Final = "wait"
CANCEL: Final = "cancel"
END: Final = "end"
# SQS's limit of a delay.
_LONGEST_DELAY_S = 900


def action(export: Export, now_ms: int) -> Action:
    """Returns what a delivery does.

    WAIT sends one message, and CLAIM may send one after it has finished a part; the others send none. So the
    messages of an export end.

    | status                    | claim of a worker | cancel requested | action |
    |---------------------------|-------------------|------------------|--------|
    | completed, cancelled      | any               | any              | END    |
    | queued, running, failed   | runs              | any              | WAIT   |
    | queued, running, failed   | none, or ended    | yes              | CANCEL |
    | queued, running, failed   | none, or ended    | no               | CLAIM  |

    One that failed is claimed because its dead letter may be redriven. `last_try` makes no difference.
    """
    if export.is_final:
        return END
    if export.is_claimed(now_ms):
        return WAIT
    return CANCEL if export.cancel_ms else CLAIM


def delay_s(export: Export, now_ms: int) -> int:
    """Returns the seconds until a running claim has ended, at most those that SQS can delay a message."""
    return min(_LONGEST_DELAY_S, math.ceil((export.claim_until_ms - now_ms) / 1000) + 1)
