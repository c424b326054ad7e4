"""The exports' worker: reads the parts of an export and stores their files."""

from functools import cache
from typing import Any

from exports.convert import MAX_FILE_BYTES
from exports.queues import ExportQueues
from exports.run import MAX_RECEIVES, Exports
from exports.sources import ArchiveSource, DaySource, Source
from exports.unload import ArchiveUnload
from exports.work import ExportWorker
from vitals import config
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import SYSTEM
from vitals.store.stores import Stores


def export(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Works on the export that the event names; a direct invoke that fails is the export's end."""

    def worker() -> ExportWorker:
        settings, stores, sources = connect()
        return ExportWorker(
            table=stores.exports,
            files=stores.export_files,
            catalogs=stores.catalogs,
            sources=sources,
            send=ExportQueues.connect(settings, SYSTEM).send,
            now=SYSTEM.now_ms,
            remaining_s=invocation.remaining_s,
            new_name=lambda: SYSTEM.new_id().replace("-", ""),
            max_file_bytes=MAX_FILE_BYTES,
        )

    exports = Exports(worker, invocation.logger, invocation.metrics)
    return exports.handle(event, MAX_RECEIVES if invocation.receives is None else invocation.receives)


@cache
def connect() -> tuple[config.ExportSettings, Stores, dict[str, Source]]:
    """Returns the settings, the stores and what parts are read from."""
    settings = config.load(config.ExportSettings)
    stores = Stores.connect(settings, SYSTEM)
    athena = Athena(settings.glue_database, settings.athena_workgroup, CONFIG)
    unload = ArchiveUnload(athena, SYSTEM.client("s3"), settings.cold_bucket, settings.glue_table)
    archive = ArchiveSource(unload, stores.cold, stores.ledger, stores.rollups)
    day = DaySource(stores.hot, stores.cold, stores.catalogs, stores.ledger, SYSTEM.now_ms)
    return settings, stores, {"archive": archive, "day": day}


function = QueueFunction(export, failure="export failed")
handler = function.handler
