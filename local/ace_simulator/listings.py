"""Sites and points as the API lists them."""

from typing import Any, NamedTuple

from local.ace_simulator.buildings.readings import Point, client_of

_MAX_BACNET_INSTANCE = 2**22 - 1


class ListedPoint(NamedTuple):
    """A point of a site and its number there, counted from 1."""

    site: str
    number: int
    point: Point


def describe_site(site: str, site_id: int) -> dict[str, Any]:
    """Returns a site as the API lists it."""
    return {
        "id": site_id,
        "name": site,
        "client": client_of(site),
        "client_id": 1,
        "nice_name": site.replace("_", " ").title(),
        "address": f"{site_id} Main Street",
        "latitude": 44.86,
        "longitude": -123.43,
        "archived": False,
        "created": "2023-04-12T15:04:05Z",
        "updated": "2024-02-29T08:00:00Z",
    }


def describe_point(listed: ListedPoint, site_id: int) -> dict[str, Any]:
    """Returns a point as the API lists it."""
    point = listed.point
    quantity = point.quantity
    equipment = {"equip": point.device}
    return {
        "id": site_id * 100_000 + listed.number,
        "name": point.name,
        "client": point.name.split("/")[0],
        "client_id": 1,
        "site": listed.site,
        "site_id": site_id,
        "kv_tags": equipment | {"unit": quantity.unit} if quantity.unit else equipment,
        "marker_tags": [*quantity.tags, "point"] if point.configured else [],
        "bacnet_data": _bacnet_data(point),
        "collect_config": {},
        "point_type": "bacnet",
        "collect_enabled": point.configured,
        "collect_interval": point.interval_s,
        "created": "2023-04-12T15:04:05.123456Z",
        "updated": "2024-02-29T08:00:00Z",
    }


def _bacnet_data(point: Point) -> dict[str, Any]:
    quantity = point.quantity
    address, device_id = _bacnet_device(point.device)
    return {
        "device_address": address,
        "device_id": device_id,
        "device_name": f"Device {point.device}",
        "device_description": f"Controller {point.device}",
        "object_type": quantity.object_type,
        "object_index": point.instance,
        "object_name": f"{quantity.text} {point.instance}",
        "object_units": quantity.unit or None,
        "object_description": quantity.text,
        "scrape_interval": point.interval_s,
        "scrape_enabled": point.configured,
        "present_value": quantity.example,
    }


def _bacnet_device(device: str) -> tuple[str, int]:
    """Returns address and instance of `8000:33-8033`; any other name is an address with instance 1."""
    address, _, instance = device.rpartition("-")
    if address and instance.isascii() and instance.isdigit() and int(instance) <= _MAX_BACNET_INSTANCE:
        return address, int(instance)
    return device, 1
