"""A new StateTable beside the archive of a lost one."""

from collections.abc import Collection
from typing import Any

from tests.support.archiving import Archive
from tests.support.sites import SITE
from tests.support.syncing import but
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.listing import Listing
from vitals.ace.pacing import Pace
from vitals.store.state.sites import SiteTable


class _Renamed(AceClient):
    """The upstream after it stopped listing points."""

    def __init__(self, world: World, names: Collection[str]) -> None:
        settings = world.simulator.settings
        super().__init__(world.simulator.url, settings.api_key, Pace(60_000, burst=1_000))
        self._names = names

    def configured_points(self, site: str) -> Listing:
        listing = super().configured_points(site)
        items = tuple(item for item in listing.items if item["name"] not in self._names)
        return Listing(items)


def lose_tables(archive: Archive) -> None:
    """Empties both tables, as new ones are, and adds the site."""
    client = archive.world.client
    for table, sort_key in (("StateTable", "sk"), ("HotTable", "w")):
        for item in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={"pk": item["pk"], sort_key: item[sort_key]})
    SiteTable(client, "StateTable").set_status(SITE, "enabled")


def without(archive: Archive, names: Collection[str]) -> World:
    """The world of an upstream that no longer lists these points."""
    ace: Any = _Renamed(archive.world, names)
    return but(archive.world, ace=ace)
