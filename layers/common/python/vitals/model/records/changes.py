"""Records of changes: who changed a setting of a site or point, when, and what it was before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vitals.model.point_settings import PointSetting
from vitals.model.records.sites import SiteSetting

ChangedSetting = Literal[SiteSetting, PointSetting, "flag"]
ChangeValue = str | float | tuple[str, ...] | Mapping[str, float] | None
"""A value of a setting; None where nothing was set."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of a subject, the site or a point's name, before and after."""

    what: ChangedSetting
    subject: str
    before: ChangeValue
    after: ChangeValue


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change that was made at this time (UTC ms); the numbers of a site's changes ascend in time."""

    number: int
    time_ms: int
    who: str
    change: Change
