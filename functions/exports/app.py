"""The exports' worker: reads the parts of an export and stores their files."""

from functools import cache
from typing import Any

from exports.buckets.reading import BucketReader
from exports.file_writer import MAX_FILE_BYTES
from exports.handle import MAX_RECEIVES, Exports
from exports.part_files import PartFiles
from exports.queues import ExportQueues
from exports.work import ExportWorker
from vitals import config
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import Runtime
from vitals.reading.bulk.archive_rows import ArchiveRows
from vitals.reading.bulk.day_rows import DayRows
from vitals.reading.bulk.request import RowReader
from vitals.reading.bulk.unload import ArchiveUnload
from vitals.store.stores import Stores


def export(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Works on the export that the event names, or sweeps; a direct invoke has one try."""

    def worker() -> ExportWorker:
        runtime = invocation.runtime
        settings, stores, parts = connect(runtime)
        return ExportWorker(
            table=stores.exports,
            files=stores.export_files,
            catalogs=stores.catalogs,
            parts=parts,
            send=ExportQueues.connect(settings, runtime).send,
            now=runtime.now_ms,
            remaining_s=invocation.remaining_s,
            new_claim=runtime.new_name,
        )

    exports = Exports(worker, invocation.logger)
    return exports.handle(event, MAX_RECEIVES if invocation.receives is None else invocation.receives)


@cache
def connect(runtime: Runtime) -> tuple[config.ExportSettings, Stores, PartFiles]:
    """Returns the settings, the stores and what reads and stores parts."""
    settings = config.load(config.ExportSettings)
    stores = Stores.connect(settings, runtime)
    athena = Athena(settings.glue_database, settings.athena_workgroup, CONFIG, runtime=runtime)
    unload = ArchiveUnload(athena, runtime.client("s3"), settings.cold_bucket, settings.glue_table)
    archive = ArchiveRows(unload, stores.cold, stores.ledger, stores.rollups, runtime.now_ms)
    readers: dict[str, RowReader] = {"archive": archive, "day": DayRows.connect(stores, runtime)}
    buckets = BucketReader.connect(stores, runtime)
    parts = PartFiles(stores.export_files, readers, buckets, runtime.new_name, MAX_FILE_BYTES)
    return settings, stores, parts


function = QueueFunction(export, failure="export failed")
handler = function.handler
