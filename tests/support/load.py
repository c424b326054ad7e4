"""Requests to the API at a steady rate, while something else happens."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

RATE = 20
"""Requests a second of all clients."""
_CLIENTS = 4


@dataclass
class Load:
    """The requests so far: how many were answered with 200, and a text of each other outcome."""

    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, failure: str) -> None:
        """Counts one request; `failure` is empty when it was answered with 200."""
        with self._lock:
            if failure:
                self.failures.append(failure)
            else:
                self.answered += 1


@contextmanager
def load(stack: dict[str, Any], paths: list[str]) -> Iterator[Load]:
    """Asks for these paths in turn, 20 times a second or as often as they are answered, within the block."""
    requested, done = Load(), threading.Event()
    clients = [
        threading.Thread(target=_client, args=(stack, paths[number:] + paths[:number], requested, done))
        for number in range(_CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield requested
    finally:
        done.set()
        for client in clients:
            client.join()


def _client(stack: dict[str, Any], paths: list[str], requested: Load, done: threading.Event) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {stack['token']}"
        for path in itertools.cycle(paths):
            began = time.monotonic()
            requested.add(_failure(session, stack["api"] + path))
            if done.wait(max(0.0, began + _CLIENTS / RATE - time.monotonic())):
                return


def _failure(session: requests.Session, url: str) -> str:
    try:
        response = session.get(url, timeout=60)
    except requests.RequestException as error:
        return f"{url}: {error!r}"
    return "" if response.status_code == 200 else f"{url}: {response.status_code} {response.text[:200]}"
