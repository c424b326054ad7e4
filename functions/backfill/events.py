"""The state machine's tasks and the request that starts a backfill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, ValidationError

from vitals.errors import InvalidRequestError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.ranges import parse_days
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.site_name import check_site

MAX_DAYS = 730


class _Input(BaseModel):
    """An execution's input, as the contract has it."""

    model_config = ConfigDict(extra="forbid")

    site: StrictStr
    start_date: StrictStr
    end_date: StrictStr
    force: StrictBool = False
    dry_run: StrictBool = False
    rebuild: StrictBool = False
    requested_by: StrictStr = ""


class StartRequest(TypedDict):
    """A start as it came in, with its types checked and nothing else."""

    site: str
    start_date: str
    end_date: str
    force: NotRequired[bool]
    dry_run: NotRequired[bool]
    rebuild: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Which whole UTC days of a site to read; `force` includes those that are complete.

    With `rebuild`, archived days are archived again from what is stored, and the upstream is not read.
    """

    site: str
    days: Span
    force: bool = False
    dry_run: bool = False
    rebuild: bool = False
    requested_by: str = ""

    @property
    def start_date(self) -> str:
        return day_name(self.days.start_ms)

    @property
    def end_date(self) -> str:
        """The last day, included."""
        return day_name(self.days.end_ms - 1)

    def event(self) -> dict[str, Any]:
        """Returns the execution's input for this request."""
        return {
            "site": self.site,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "force": self.force,
            "dry_run": self.dry_run,
            "requested_by": self.requested_by,
            # A release without rebuilds refuses the key, and may plan this execution during a deployment.
            **({"rebuild": True} if self.rebuild else {}),
        }


@dataclass(frozen=True, slots=True)
class PlanTask:
    """Plan the run, and begin it unless the request is a dry run."""

    run: str
    request: BackfillRequest


@dataclass(frozen=True, slots=True)
class DayTask:
    """Read and store one day (YYYY-MM-DD) of the run with the key of a key group."""

    run: str
    day: str
    key_group: str = DEFAULT_GROUP


@dataclass(frozen=True, slots=True)
class SummariseTask:
    """End the run with its days' results; `error` is that of the map state, if it failed."""

    run: str
    results: Sequence[Mapping[str, Any]]
    error: str


def parse_task(event: Mapping[str, Any], now_ms: int) -> PlanTask | DayTask | SummariseTask:
    """Returns the task that the event names; InvalidRequestError when it is malformed."""
    match event:
        case {"task": "plan", "run": str(run), "asked": dict(request)}:
            return PlanTask(run, parse_request(request, now_ms))
        case {"task": "day", "run": str(run), "day": str(day)}:
            return DayTask(run, day, str(event.get("key_group", DEFAULT_GROUP)))
        case {"task": "summarise", "run": str(run), "days": list(results)}:
            return SummariseTask(run, results, str(event.get("error", "")))
    raise InvalidRequestError(
        'the event must have "task" (plan, day or summarise), "run" and the keys of the task'
    )


def parse_request(event: Mapping[str, Any], now_ms: int) -> BackfillRequest:
    """Returns the request that an execution's input makes; InvalidRequestError when it is malformed."""
    try:
        fields = _Input.model_validate(event)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise InvalidRequestError("; ".join(problems)) from None
    days = parse_days(fields.start_date, fields.end_date, now_ms)
    count = days.length_ms // DAY_MS
    if count > MAX_DAYS:
        raise InvalidRequestError(f"the range has {count} days; one backfill takes at most {MAX_DAYS}")
    return BackfillRequest(
        site=check_site(fields.site),
        days=days,
        force=fields.force,
        dry_run=fields.dry_run,
        rebuild=fields.rebuild,
        requested_by=fields.requested_by,
    )
