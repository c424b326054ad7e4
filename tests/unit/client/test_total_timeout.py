"""The client's copy of the layer's module, because the two packages share no code."""

import inspect

import pytest

from vitals.ace import total_timeout as upstream
from vitals_client import total_timeout


@pytest.mark.parametrize(
    "name",
    [
        "_TimedReader",
        "_TimedResponse",
        "_TimedConnection",
        "_TimedSecureConnection",
        "_TimedPool",
        "_TimedSecurePool",
        "_addresses",
    ],
)
def test_the_code_equals_the_layers(name: str) -> None:
    ours, theirs = (inspect.getsource(getattr(module, name)) for module in (total_timeout, upstream))
    assert ours == theirs


def test_the_adapters_differ_in_name_only() -> None:
    ours, theirs = (
        [inspect.getsource(getattr(adapter, name)) for name in ("init_poolmanager", "proxy_manager_for")]
        for adapter in (total_timeout.TimedAdapter, upstream._TimedAdapter)
    )
    assert ours == theirs
