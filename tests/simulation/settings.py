"""The administrator of a run: sets the timezone of a site and kinds of points, and reads who changed what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.desk import REFUSALS, Desk
from tests.simulation.oracle.problems import WRONG
from tests.simulation.oracle.settings import DEFAULT_ZONE, Attempt, check_changes, settings_after
from tests.simulation.questions import ZONES
from vitals.model.timespan import HOUR_MS

# Increases have no meaning for the others, which only switches may be.
_KINDS = ("analog", "counter", "setpoint")
_SWITCH_KINDS = ("binary", "binary", "multistate", "analog")
_PAGE = 7
_MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class Administrator:
    """Comes now and then, for as long as the desk is open."""

    desk: Desk
    random: Random
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    """What was to be set of each site, in order."""

    def run(self) -> None:
        """Sets one thing after another, and compares the changes with what was set."""
        while True:
            self.desk.idle(2 * HOUR_MS, 24 * HOUR_MS)
            if not self.desk.is_open:
                return
            site = self.random.choice(self.desk.api.sites)
            if self.random.random() < 0.5:
                self._set_zone(site)
            else:
                self._set_kinds(site)
            self.check(site)

    def check(self, site: str) -> None:
        """Compares the changes of a site, if all of their pages are answered, with the attempts."""
        changes = self._changes(site)
        if changes is not None:
            check_changes(site, self.attempts.get(site, []), changes, self.desk.problems)

    def check_zone(self, site: str, name: str, end_ms: int) -> None:
        """Expects that a question that names no zone is answered in that of the site."""
        changes = self._changes(site)
        span = {"start_time": str(end_ms - HOUR_MS), "end_time": str(end_ms), "resolution": "1h"}
        answer = self.desk.api.call(
            "GET", "/timeseries/query", {"site_name": site, "point_name": name, **span}
        )
        if changes is None or answer.status != 200:
            self.desk.problems.add(WRONG, f"at rest, {site} has no answer about its zone")
            return
        zone = settings_after(changes).get(("timezone", site), DEFAULT_ZONE)
        if answer.content["timezone"] != zone:
            self.desk.problems.add(WRONG, f"{site} is answered in {answer.content['timezone']}, not {zone}")

    def _set_zone(self, site: str) -> None:
        zone = self.random.choice(ZONES)
        is_set = self._patch(f"/sites/{site}", {"timezone": zone})
        self.attempts.setdefault(site, []).append(Attempt("timezone", site, zone, is_set))

    def _set_kinds(self, site: str) -> None:
        names = self.desk.names(site)
        names = self.random.sample(names, min(3, len(names)))
        kinds = {name: self._kind(name) for name in names}
        if not kinds:
            return
        is_set = self._patch(f"/sites/{site}/points", {"points": {n: {"kind": k} for n, k in kinds.items()}})
        attempts = self.attempts.setdefault(site, [])
        attempts += [Attempt("kind", name, kind, is_set) for name, kind in kinds.items()]

    def _kind(self, name: str) -> str:
        return self.random.choice(_SWITCH_KINDS if self.desk.is_switch(name) else _KINDS)

    def _patch(self, path: str, body: Mapping[str, Any]) -> bool:
        answer = self.desk.api.call("PATCH", path, body=body)
        if answer.status in REFUSALS:
            self.desk.problems.add(WRONG, f"PATCH {path} answered {answer.status} {answer.content} to {body}")
        return answer.status == 200

    def _changes(self, site: str) -> list[dict[str, Any]] | None:
        """Returns all changes of a site, newest first, None when a page has no answer."""
        changes: list[dict[str, Any]] = []
        query = {"limit": str(_PAGE)}
        for _ in range(_MAX_PAGES):
            answer = self.desk.api.call("GET", f"/sites/{site}/changes", query)
            if answer.status in REFUSALS:
                self.desk.problems.add(WRONG, f"the changes of {site} were answered with {answer.status}")
            if answer.status != 200:
                return None
            changes += answer.content["changes"]
            if answer.content["next_token"] is None:
                return changes
            query = {"limit": str(_PAGE), "next_token": answer.content["next_token"]}
        raise AssertionError(f"more than {_MAX_PAGES} pages of changes")
