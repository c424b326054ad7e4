"""The API of settings: those of sites and points, who changed them, and saved views and flags."""

from admin import routes
from admin.answers import AdminAnswers
from admin.flags import FlagAnswers
from vitals import config
from vitals.aws.clients import PROMPT
from vitals.aws.runtime import Runtime
from vitals.http.handler import ApiFunction
from vitals.store.stores import Stores


def connect(runtime: Runtime) -> AdminAnswers:
    """Returns what the routes work with."""
    settings = config.load(config.AdminSettings)
    stores = Stores.connect(settings, runtime, PROMPT)
    return AdminAnswers(
        sites=stores.sites,
        catalogs=stores.catalogs,
        changes=stores.changes,
        views=stores.views,
        flags=FlagAnswers(stores.flags, stores.catalogs, runtime.now_ms, runtime.new_id),
        initial=settings.sites,
        now=runtime.now_ms,
    )


api = ApiFunction(routes.router, connect)
handler = api.handler
