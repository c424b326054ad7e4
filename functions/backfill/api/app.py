"""The API of backfills."""

from backfill.api import routes
from backfill.api.answers import BackfillAnswers
from backfill.planning import Planner
from backfill.runs import Runs
from vitals import config
from vitals.aws.clients import PROMPT
from vitals.aws.runtime import Runtime
from vitals.http.handler import ApiFunction
from vitals.store.stores import Stores


def connect(runtime: Runtime) -> BackfillAnswers:
    """Returns what the routes work with."""
    settings = config.load(config.BackfillApiSettings)
    stores = Stores.connect(settings, runtime, PROMPT)
    runs = Runs.connect(settings, stores, runtime, PROMPT)
    return BackfillAnswers(Planner.connect(settings, stores), runs, runtime.new_id)


api = ApiFunction(routes.router, connect)
handler = api.handler
