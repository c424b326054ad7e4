"""The faults of the upstream of the test stack, which a test changes for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests

from local.stack.settings import simulator_port
from tests.support.local_stack import PORT

_URL = f"http://127.0.0.1:{simulator_port(PORT)}/control/faults"
_LATENESS = ("late", "late_minutes")


@contextmanager
def other_faults(**faults: float) -> Iterator[None]:
    """Gives the upstream these faults in the `with` block, and none of the others.

    Its readings are as late as before: one that is served early, and not yet afterwards, would be a sample
    that the store has and the upstream does not serve.
    """
    before = requests.get(_URL, timeout=10).json()
    _put({name: before[name] for name in _LATENESS} | faults)
    try:
        yield
    finally:
        _put(before)


def _put(faults: dict[str, float]) -> None:
    requests.put(_URL, json=faults, timeout=10).raise_for_status()
