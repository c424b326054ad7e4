"""What /openapi.json says about the answers of each route; no function loads it."""

from backfill.api.schemas import Cancelled, DryRun, Runs, RunWithDays, Started
from vitals.http.openapi import answers

# By the name of the route's function.
ANSWERS = {
    "start": {
        **answers(DryRun, "What the run would do, for dry_run"),
        **answers(Started, "The run has started", 404, 409, 413, 415, status=202),
    },
    "of_site": answers(Runs, "The site's runs", 404),
    "get": answers(RunWithDays, "The run with its days", 404),
    "cancel": {
        **answers(Cancelled, "The run had already ended"),
        **answers(Cancelled, "The run ends before its next hour", 404, status=202),
    },
}
