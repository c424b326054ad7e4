"""Backfills: past days that the product reads from its upstream."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from vitals_client.http import Http
from vitals_client.polling import follow
from vitals_client.shapes import Cancelled, Plan, Run


class Backfills:
    """The backfills of an API. `polling` sends the requests that are repeated anyway, and does not retry."""

    def __init__(self, http: Http, polling: Http, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._polling = polling
        self._sleep = sleep

    def start(
        self,
        site: str,
        start: date | str,
        end: date | str,
        *,
        force: bool = False,
        dry_run: bool = False,
        rebuild: bool = False,
    ) -> Plan:
        """Starts a backfill of the days from `start` to `end`, both included; `dry_run` only estimates it.

        Complete days are skipped unless `force` is set. With `rebuild`, archived days with rollups of an
        older release are archived again, without the upstream. ConflictError has the ID of a run that is
        already running; after an UnansweredError the run may have started.
        """
        body: dict[str, str | bool] = {"site_name": site, "start_date": str(start), "end_date": str(end)}
        body |= {"force": force, "dry_run": dry_run}
        if rebuild:
            # An older API refuses the key.
            body["rebuild"] = True
        plan: Plan = self._http.json("POST", "/backfill/start", body=body)
        return plan

    def get(self, run_id: str) -> Run:
        """Returns the run with its days."""
        return _run(self._http, run_id)

    def list(self, site: str, limit: int = 20) -> list[Run]:
        """Returns the latest runs of the site, newest first, without their days."""
        params: dict[str, Any] = {"site_name": site, "limit": limit}
        runs: list[Run] = self._http.json("GET", "/backfill", params=params)["backfills"]
        return runs

    def cancel(self, run_id: str) -> Cancelled:
        """Cancels the run before its next requests."""
        result: Cancelled = self._http.json("POST", f"/backfill/{quote(run_id, safe='')}/cancel")
        return result

    def follow(self, run_id: str, warn: Callable[[str], None] = lambda text: None) -> Iterator[Run]:
        """Polls the run until it has ended, and yields each result; UnansweredError after 8 failures."""
        return follow(
            lambda: _run(self._polling, run_id), lambda run: run["status"] != "running", warn, self._sleep
        )


def _run(http: Http, run_id: str) -> Run:
    run: Run = http.json("GET", f"/backfill/{quote(run_id, safe='')}")
    return run
