"""The client's dicts have the keys that /openapi.json tells."""

from typing import Any

import pytest

from tests.support import openapi
from vitals_client import shapes

NAMES = {
    shapes.Cancelled: ["Cancelled"],
    shapes.Coverage: ["CoverageAnswer"],
    shapes.CoverageDay: ["CoverageDay"],
    shapes.Estimate: ["Estimate"],
    shapes.DeadLetterCounts: ["DeadLetterCounts"],
    shapes.Equipment: ["Equipment"],
    shapes.Export: ["Export", "ExportWithFiles"],
    shapes.ExportFile: ["File"],
    shapes.Health: ["Health"],
    shapes.Newest: ["Newest"],
    shapes.Plan: ["DryRun", "Started"],
    shapes.Point: ["PointAnswer"],
    shapes.Removed: ["Removed"],
    shapes.Run: ["Run", "RunWithDays"],
    shapes.RunDay: ["Day"],
    shapes.Site: ["Site"],
    shapes.SiteStatus: ["SiteStatus"],
    shapes.Status: ["Status"],
    shapes.Tag: ["TagCount"],
    shapes.Tags: ["Tags"],
    shapes.WarningDetail: ["WarningDetail"],
}


@pytest.mark.parametrize("shape", NAMES, ids=lambda shape: shape.__name__)
def test_a_shape_is_as_the_api_describes_it(shape: Any) -> None:
    schemas = [openapi.document()["components"]["schemas"][name] for name in NAMES[shape]]
    assert set(shape.__annotations__) == set.union(*(set(schema["properties"]) for schema in schemas))
    assert shape.__required_keys__ == set.intersection(*(set(schema["required"]) for schema in schemas))
