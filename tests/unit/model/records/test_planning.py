"""The problems of the archive, as the sync reports them."""

import pytest

from vitals.model.records.planning import MAX_AGE_MS, ArchivePlanning

NOW = 1_767_225_600_000


@pytest.mark.parametrize(
    ("planning", "problems"),
    [
        (ArchivePlanning(NOW), 0),
        (ArchivePlanning(NOW, overdue=2, mismatches=1), 3),
        (ArchivePlanning(NOW - MAX_AGE_MS), 0),
        (ArchivePlanning(NOW - MAX_AGE_MS - 1), 1),
        (ArchivePlanning(NOW - MAX_AGE_MS - 1, overdue=2), 3),
    ],
)
def test_problems_are_days_files_and_silence(planning: ArchivePlanning, problems: int) -> None:
    assert planning.problems(NOW) == problems
