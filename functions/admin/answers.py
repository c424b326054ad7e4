"""The answers of the API of settings, saved views and flags."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from admin import schemas, shapes
from admin.flags import FlagAnswers
from vitals.errors import InvalidRequestError
from vitals.http.access import authorise
from vitals.http.site_answer import Site, site_answer
from vitals.model.point_settings import NO_SETTINGS
from vitals.model.ranges import Time
from vitals.model.records.sites import SiteSettings, check_holidays, check_units
from vitals.model.records.tokens import Grant
from vitals.model.records.views import SavedView, check_name, check_view
from vitals.model.site_status import is_visible, site_status
from vitals.model.zones import UTC, check_zone
from vitals.reading import page_token
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.changes import ChangeTable
from vitals.store.state.sites import SiteTable
from vitals.store.state.views import ViewTable

MAX_CHANGED_POINTS = 500
_SOURCE = "source"

type PointChanges = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class AdminAnswers:
    """What the routes call; `initial` is the stack's initial list of sites, and `now` gives UTC ms."""

    sites: SiteTable
    catalogs: CatalogTable
    changes: ChangeTable
    views: ViewTable
    flags: FlagAnswers
    initial: Collection[str]
    now: Callable[[], int]

    def set_site(self, grant: Grant, site: str, body: Mapping[str, Any]) -> Site:
        """Sets settings of a site, null to the default, and returns the site."""
        authorise(grant, site, "admin", exists=self._has_site)
        record = self.sites.set_settings(site, _settings(body), grant.label)
        status = site_status(site, record, self.initial)
        return site_answer(replace(record, status=status), self.now())

    def set_points(self, grant: Grant, site: str, changes: PointChanges) -> schemas.ChangedPoints:
        """Changes settings of points, and returns these points."""
        authorise(grant, site, "admin", exists=self._has_site)
        _check(changes)
        catalog = self.catalogs.set_points(site, changes, grant.label)
        return {"points": [shapes.point(point) for point in catalog.select(changes)]}

    def page_of_changes(self, grant: Grant, site: str, limit: int, next_token: str | None) -> schemas.Changes:
        """Returns a page of the site's changes, newest first."""
        authorise(grant, site, "read", exists=self._has_site)
        owner = page_token.fingerprint("changes", site)
        before = None if next_token is None else page_token.decode(next_token, owner)
        if before is not None and before < 1:
            raise page_token.invalid()
        # With one more change there is another page.
        recorded = self.changes.newest(site, limit + 1, before)
        page = recorded[:limit]
        return {
            "site_name": site,
            "changes": [shapes.change(change) for change in page],
            "next_token": page_token.encode(page[-1].number, owner) if len(recorded) > limit else None,
        }

    def site_views(self, grant: Grant, site: str) -> schemas.SavedViews:
        """Returns the saved views of the site."""
        authorise(grant, site, "read", exists=self._has_site)
        return {"site_name": site, "views": [shapes.saved_view(view) for view in self.views.of_site(site)]}

    def save_view(self, grant: Grant, site: str, name: str, view: str) -> schemas.SavedView:
        """Saves a view, in place of one of the same name, and returns it."""
        authorise(grant, site, "admin", exists=self._has_site)
        saved = SavedView(check_name(name), check_view(view), grant.label, self.now())
        self.views.save(site, saved)
        return shapes.saved_view(saved)

    def delete_view(self, grant: Grant, site: str, name: str) -> schemas.RemovedView:
        """Deletes a view; NotFoundError if there is none of this name."""
        authorise(grant, site, "admin", exists=self._has_site)
        name = check_name(name)
        self.views.remove(site, name)
        return {"name": name, "status": "removed"}

    def site_flags(
        self, grant: Grant, site: str, names: Sequence[str], next_token: str | None
    ) -> schemas.Flags:
        """Returns a page of the site's flags."""
        authorise(grant, site, "read", exists=self._has_site)
        return self.flags.page(site, names, next_token)

    def add_flag(
        self, grant: Grant, site: str, names: Sequence[str], start: Time, end: Time, reason: str
    ) -> schemas.Flag:
        """Flags a span of points, and returns the flag."""
        authorise(grant, site, "admin", exists=self._has_site)
        return self.flags.add(site, names, start, end, reason, grant.label)

    def remove_flag(self, grant: Grant, site: str, id: str) -> schemas.RemovedFlag:
        """Removes a flag; NotFoundError if there is none of this id."""
        authorise(grant, site, "admin", exists=self._has_site)
        return self.flags.remove(site, id, grant.label)

    def _has_site(self, site: str) -> bool:
        return is_visible(self.sites.load(site))


def _settings(body: Mapping[str, Any]) -> SiteSettings:
    if not body:
        raise InvalidRequestError("the body must contain timezone, units or holidays")
    settings: SiteSettings = {}
    if "timezone" in body:
        settings["timezone"] = UTC if body["timezone"] is None else check_zone(body["timezone"])
    if "units" in body:
        settings["units"] = check_units(body["units"] or _SOURCE)
    if "holidays" in body:
        settings["holidays"] = check_holidays(body["holidays"] or ())
    return settings


def _check(changes: PointChanges) -> None:
    """Raises InvalidRequestError that names the point whose changes are empty or not valid."""
    for name, settings in changes.items():
        if not settings:
            raise InvalidRequestError(f"{name!r} must contain kind, rollover or states")
        try:
            NO_SETTINGS.changed(settings)
        except InvalidRequestError as error:
            raise InvalidRequestError(f"{name!r}: {error}") from None
