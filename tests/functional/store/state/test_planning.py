"""The record of the archive's planning on moto: the first read begins it, and overwrites no newer one."""

from typing import Any

from tests.support.lost_answers import LostAnswer
from vitals.model.records.planning import MAX_AGE_MS, ArchivePlanning
from vitals.store.state.planning import PlanningTable

NOW = 1_767_225_600_000


class Meeting:
    """A client; between its read and its write the archival records a planning."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        PlanningTable(self._client, "StateTable").record(ArchivePlanning(NOW, overdue=1))
        return self._client.update_item(**request)


def test_a_stack_that_never_plans_has_a_problem(dynamodb: Any) -> None:
    table = PlanningTable(dynamodb, "StateTable")
    assert table.load(NOW) == ArchivePlanning(NOW)
    later = NOW + MAX_AGE_MS + 1
    assert table.load(later).problems(later) == 1


def test_a_planning_replaces_the_one_before(dynamodb: Any) -> None:
    table = PlanningTable(dynamodb, "StateTable")
    for planning in (ArchivePlanning(NOW, 2, 1), ArchivePlanning(NOW + 1)):
        table.record(planning)
        assert table.load(NOW + 2) == planning


def test_a_first_read_overwrites_no_planning(dynamodb: Any) -> None:
    meeting: Any = Meeting(dynamodb)
    PlanningTable(meeting, "StateTable").load(NOW)
    assert PlanningTable(dynamodb, "StateTable").load(NOW).overdue == 1


def test_a_lost_answer_changes_nothing(dynamodb: Any) -> None:
    table = PlanningTable(dynamodb, "StateTable")
    with LostAnswer("UpdateItem", number=0).patched():
        assert table.load(NOW) == ArchivePlanning(NOW)
    assert table.load(NOW + 1) == ArchivePlanning(NOW)
