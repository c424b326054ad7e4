"""The query API and its tiers on moto."""

from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from query.answers import Api
from query.catalogs import Catalogs
from query.flags import Flags
from query.sites import Sites
from query.status import StatusReader
from query.timeseries.answer_cache import AnswerCache
from tests.support.clock import Clock
from tests.support.sites import SITE
from vitals.aws.sqs import DeadLetters
from vitals.reading.executor import Executor
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.flags import FlagTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

DEAD_LETTERS = {"sync": "SyncDeadLetters", "archive": "ArchiveDeadLetters", "export": "ExportDeadLetters"}
"""The queues that /status counts, by its names for them."""


class NoAthena:
    """Fails the test that reaches for it."""

    def raw(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nothing here is wide enough for Athena")


def executor(dynamodb: Any, bulk: Any = None) -> Executor:
    """The query's tiers on moto."""
    return Executor(
        HotTier(dynamodb, "HotTable"),
        ColdTier(boto3.client("s3"), "cold-bucket"),
        RollupTier(dynamodb, "HotTable"),
        Ledger(dynamodb, "StateTable"),
        bulk or NoAthena(),
    )


def query_api(
    dynamodb: Any, clock: Clock, sites: tuple[str, ...] = (SITE,), upstream: str = "http://ace/api"
) -> Api:
    """The query API on moto, over the queues of what was given up that the template has."""
    table = Sites(SiteTable(dynamodb, "StateTable"), sites, clock)
    sqs = boto3.client("sqs")
    urls = {name: sqs.create_queue(QueueName=queue)["QueueUrl"] for name, queue in DEAD_LETTERS.items()}
    status_reader = StatusReader(
        table,
        Ledger(dynamodb, "StateTable"),
        partial(CircuitTable, dynamodb, "StateTable", upstream),
        DeadLetters(lambda: sqs, urls),
        Logger().warning,
    )
    return Api(
        executor=executor(dynamodb),
        catalogs=Catalogs(CatalogTable(dynamodb, "StateTable"), clock),
        sites=table,
        now=clock,
        max_range_days=365,
        cache=AnswerCache(None, clock, Logger().warning),
        status_reader=status_reader,
        quality_files=QualityFiles(boto3.client("s3"), "cold-bucket"),
        flags=Flags(lambda: FlagTable(dynamodb, "StateTable")),
    )
