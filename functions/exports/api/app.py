"""The API of exports."""

from exports.api import routes
from exports.api.answers import ExportAnswers
from exports.api.quota import DailyLimit
from exports.queues import ExportQueues
from vitals import config
from vitals.aws.clients import PROMPT
from vitals.aws.runtime import Runtime
from vitals.http.handler import ApiFunction
from vitals.store.stores import Stores


def connect(runtime: Runtime) -> ExportAnswers:
    """Returns what the routes work with."""
    settings = config.load(config.ExportApiSettings)
    stores = Stores.connect(settings, runtime, PROMPT)
    return ExportAnswers(
        table=stores.exports,
        files=stores.export_files,
        sites=stores.sites,
        catalogs=stores.catalogs,
        ledger=stores.ledger,
        daily_limit=DailyLimit(stores.export_quota, settings.daily_bytes),
        queues=ExportQueues.connect(settings, runtime, PROMPT),
        now=runtime.now_ms,
        scan_limit=settings.scan_limit_bytes,
        new_id=runtime.new_id,
    )


api = ApiFunction(routes.router, connect)
handler = api.handler
