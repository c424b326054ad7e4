"""How often a run or an export is polled."""

from vitals_client.polling import pause_after


def test_pauses_grow_with_time() -> None:
    assert [pause_after(seconds) for seconds in (0, 60, 300, 3600)] == [1, 1, 5, 10]
