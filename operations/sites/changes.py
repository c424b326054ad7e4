"""Changes of the status, key group and settings of sites, in their records."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from operations.errors import OperatorError
from operations.sites.key_secrets import KeySecrets
from operations.sites.suggestion import Suggestion, suggest
from operations.stacks import Stack
from vitals import config
from vitals.model.key_group import check_key_group
from vitals.model.records.sites import (
    ENABLED,
    PAUSED,
    REMOVED,
    RecordedStatus,
    SiteRecord,
    SiteSettings,
    check_holidays,
    key_group_of,
)
from vitals.model.site_status import site_status, site_statuses
from vitals.model.zones import check_zone
from vitals.site_name import check_site
from vitals.store.state.sites import SiteTable


@dataclass(frozen=True, slots=True)
class Change:
    """The status and key group of a site before and after a command, and how far it is synced (UTC ms).

    A status is None where only the stack's initial list decides it.
    """

    site: str
    before: RecordedStatus | None
    after: RecordedStatus | None
    checkpoint_ms: int | None
    group_before: str
    group_after: str

    @property
    def is_none(self) -> bool:
        """Whether the command had nothing to change."""
        return self.before == self.after and self.group_before == self.group_after


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of one state table, the stack's initial list, and its keys; None where these are unknown."""

    table: SiteTable
    initial: Collection[str] | None
    secrets: KeySecrets | None = None
    ace_url: str = ""
    who: Callable[[], str] = lambda: "operator"
    """Returns the operator, for the records of changes."""

    def all(self) -> list[SiteRecord]:
        """Returns the record of each site with its status; None where only the initial list decides."""
        records = {record.site: record for record in self.table.list()}
        if self.initial is None:
            return list(records.values())
        statuses = site_statuses(records.values(), self.initial)
        return [
            replace(records.get(site) or SiteRecord(site), status=status) for site, status in statuses.items()
        ]

    def add(self, site: str, key_group: str | None = None) -> Change:
        """Enables a site; with a key group, a site that exists changes that only."""
        if key_group is not None:
            check_key_group(key_group)
        record = self._load(check_site(site))
        before = self._status(site, record)
        if key_group is None or record is None:
            # Without a record, a site is new or enabled by the initial list.
            return self._change(site, ENABLED, key_group)
        if key_group != record.key_group:
            self.table.set_key_group(site, key_group)
        return Change(site, before, before, record.checkpoint_ms, record.key_group, key_group)

    def key_problem(self, key_group: str) -> str:
        """Returns why functions cannot read the key of a group; "" when they can, or when that is unknown."""
        return self.secrets.problem(key_group) if self.secrets else ""

    def pause(self, site: str) -> Change:
        """Pauses a site."""
        return self._change(site, PAUSED)

    def remove(self, site: str) -> Change:
        """Removes a site, and none of its samples."""
        return self._change(site, REMOVED)

    def set_settings(self, site: str, settings: SiteSettings) -> tuple[SiteRecord, SiteRecord]:
        """Sets the timezone, the units or the holidays of a site, and returns its record before and after."""
        if "timezone" in settings:
            check_zone(settings["timezone"])
        if "holidays" in settings:
            settings = {**settings, "holidays": check_holidays(settings["holidays"])}
        before = self.record(site)
        return before, self.table.set_settings(site, settings, self.who())

    def suggestion(self, site: str) -> Suggestion:
        """Returns the timezone at the coordinates of a site in ACE."""
        if self.secrets is None:
            raise OperatorError("the URL and the key of ACE are those of a stack; give --stack")
        key_group = key_group_of(self.table.load(check_site(site)))
        return suggest(self.ace_url, self.secrets.key(key_group), site)

    def record(self, site: str) -> SiteRecord:
        """Returns the record of a site; OperatorError for an unknown or never synced one."""
        record = self.table.load(check_site(site))
        if record is None and self._status(site, None):
            raise OperatorError(f"site {site!r} was not synced yet; run `vitals site add {site}` first")
        if record is None:
            raise _unknown(site)
        return record

    def _change(self, site: str, status: RecordedStatus, key_group: str | None = None) -> Change:
        record = self._load(site)
        before = self._status(site, record)
        if status != ENABLED and record is None and before is None:
            raise _unknown(site)
        # Also where the initial list implies the status, so that a later change of the list has no effect.
        group_before = key_group_of(record)
        group_after = key_group or group_before
        if record is None or record.status != status or group_after != group_before:
            self.table.set_status(site, status, key_group)
        checkpoint_ms = record.checkpoint_ms if record else None
        return Change(site, before, status, checkpoint_ms, group_before, group_after)

    def _load(self, site: str) -> SiteRecord | None:
        """Returns the record of a site; None for a placeholder, which says no more than the initial list."""
        record = self.table.load(site)
        return None if record and record.is_placeholder else record

    def _status(self, site: str, record: SiteRecord | None) -> RecordedStatus | None:
        if self.initial is None:
            return record.status if record else None
        return site_status(site, record, self.initial)


def sites_of(stack: Stack) -> Sites:
    """Returns the sites of a stack; a stack that is only a table has no initial list."""
    table = SiteTable(stack.client("dynamodb"), stack.output("StateTable"))
    if "EtlFunction" not in stack.outputs:
        return Sites(table, None, who=stack.caller)
    function: Any = stack.client("lambda").get_function_configuration(
        FunctionName=stack.outputs["EtlFunction"]
    )
    variables = function["Environment"]["Variables"]
    secrets = KeySecrets(stack.client("secretsmanager"), variables["ACE_SECRET_NAME"])
    return Sites(
        table, config.initial_sites(variables), secrets, variables.get("ACE_API_URL", ""), stack.caller
    )


def _unknown(site: str) -> OperatorError:
    return OperatorError(f"there is no site {site!r}; `vitals site list` lists them")
