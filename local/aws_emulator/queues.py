"""Polls each queue on a thread of its own; ministack polls a queue when the functions of all others are done.

Otherwise an export of minutes would hold up every sync.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from ministack.services import lambda_svc

_MAX_QUEUES = 16


def patch() -> None:
    """Patches ministack's event source mappings."""
    iterate_all, poll = lambda_svc._iter_all_esms, lambda_svc._poll_sqs
    mapping_id: ContextVar[str] = ContextVar("mapping_id")
    pool, busy = ThreadPoolExecutor(_MAX_QUEUES, "queue"), set[str]()

    def iterate() -> Iterator[Any]:
        """Yields the mapping of the thread; on other threads, every mapping."""
        wanted = mapping_id.get("")
        yield from (entry for entry in iterate_all() if wanted in ("", entry[2]["UUID"]))

    def drain(mapping: str) -> None:
        """Polls until the queue is empty or its function has failed."""
        mapping_id.set(mapping)
        try:
            while poll():
                pass
        finally:
            busy.discard(mapping)

    def poll_all() -> bool:
        for mapping in {entry["UUID"] for _, _, entry in iterate_all()} - busy:
            busy.add(mapping)
            pool.submit(drain, mapping)
        return False

    lambda_svc._iter_all_esms, lambda_svc._poll_sqs = iterate, poll_all
