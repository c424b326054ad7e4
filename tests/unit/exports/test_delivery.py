"""What a delivery does in each state of an export."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import delivery
from exports.delivery import CANCEL, CLAIM, END, WAIT, Action
from vitals.model.records.exports import CANCELLED, COMPLETED, FAILED, QUEUED, RUNNING, Export, ExportStatus

NOW = 1_767_225_600_000
STATUSES: list[ExportStatus] = [QUEUED, RUNNING, FAILED, COMPLETED, CANCELLED]
ENDS = {"none": 0, "ended": NOW - 1, "ends now": NOW, "runs": NOW + 1}


@pytest.mark.parametrize("last_try", [0, 1])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("claim", "cancelled", "action"),
    [
        ("none", False, CLAIM),
        ("none", True, CANCEL),
        ("ended", False, CLAIM),
        ("ended", True, CANCEL),
        ("ends now", False, WAIT),
        ("ends now", True, WAIT),
        ("runs", False, WAIT),
        ("runs", True, WAIT),
    ],
)
def test_each_state_has_an_action(
    status: ExportStatus, last_try: int, claim: str, cancelled: bool, action: Action
) -> None:
    export = Export(
        "e",
        status=status,
        cancel_ms=NOW - 1 if cancelled else 0,
        claim_until_ms=ENDS[claim],
        last_try=last_try,
    )
    has_ended = status in (COMPLETED, CANCELLED)
    assert delivery.action(export, NOW) == (END if has_ended else action)


@given(st.integers(0, 1_000_000))
def test_delayed_messages_come_after_the_claim(remaining_ms: int) -> None:
    """Or after the longest delay of SQS."""
    export = Export("e", status=RUNNING, claim_until_ms=NOW + remaining_ms)
    delay_s = delivery.delay_s(export, NOW)
    assert 1 <= delay_s <= 900
    assert delay_s == 900 or delivery.action(export, NOW + delay_s * 1000) == CLAIM
