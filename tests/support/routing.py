"""Which function answers a request, by the routes of template.yaml."""

import importlib
import re
from functools import cache
from types import ModuleType
from typing import Any

from tests.support.template import template


def app_of(method: str, path: str) -> ModuleType:
    """Returns the module of the function that API Gateway invokes.

    It looks for a method in the most specific path only: names before parameters before `{proxy+}`.
    """
    matches = [route for route in _routes() if re.fullmatch(_pattern(route), path)]
    methods = _routes()[min(matches, key=_generality)]
    handler = methods.get(method.lower()) or methods["any"]
    return importlib.import_module(handler.removesuffix(".handler"))


@cache
def _routes() -> dict[str, dict[str, str]]:
    """The handler of each method of each path."""
    routes: dict[str, dict[str, str]] = {}
    for resource in template()["Resources"].values():
        properties: dict[str, Any] = resource.get("Properties", {})
        for event in properties.get("Events", {}).values():
            if event["Type"] == "Api":
                route = event["Properties"]
                routes.setdefault(route["Path"], {})[route["Method"]] = properties["Handler"]
    return routes


def _pattern(route: str) -> str:
    parts = re.split(r"({\w+\+?})", route)
    patterns = {0: "", 1: "[^/]+", 2: ".+"}
    return "".join(patterns[_generality(part)[0]] or re.escape(part) for part in parts)


def _generality(route: str) -> list[int]:
    return [2 if part.endswith("+}") else int(part.startswith("{")) for part in route.split("/")]
