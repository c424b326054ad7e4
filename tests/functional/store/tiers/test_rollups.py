"""Rollups on moto: those of the archiving that began later stay, whichever wrote last."""

from typing import Any

import pytest

from tests.support import rollups
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.store.tiers.rollups import RollupTier

DAY = SiteDay("s", 1_767_225_600_000)
BEGAN_MS = DAY.span.end_ms


def rollup(value: float) -> bytes:
    """Returns the rollups of one sample."""
    return rollups.rollup(from_columns([0], [DAY.day_ms], [value]))


@pytest.mark.parametrize(("offset_ms", "value"), [(-1, 1.0), (0, 2.0), (1, 2.0)])
def test_older_rollups_do_not_replace_newer(dynamodb: Any, offset_ms: int, value: float) -> None:
    tier = RollupTier(dynamodb, "HotTable")
    tier.write(DAY, {0: rollup(1.0)}, BEGAN_MS)
    tier.write(DAY, {0: rollup(2.0)}, BEGAN_MS + offset_ms)
    assert tier.read("s", [0], DAY.span).rows.values.tolist() == [value]


def test_attributes_of_later_releases_are_ignored(dynamodb: Any) -> None:
    tier = RollupTier(dynamodb, "HotTable")
    tier.write(DAY, {0: rollup(1.0)}, BEGAN_MS)
    [item] = dynamodb.scan(TableName="HotTable")["Items"]
    dynamodb.put_item(TableName="HotTable", Item=item | {"interval": {"N": "60000"}})
    assert tier.read("s", [0], DAY.span).rows.values.tolist() == [1.0]
