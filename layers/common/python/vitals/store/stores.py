"""The stores of one stack, each created once per process."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from vitals.aws.clients import BRIEF, CONFIG, ClientConfig
from vitals.aws.runtime import Runtime

if TYPE_CHECKING:
    from vitals.store.control.circuit import CircuitTable
    from vitals.store.state.catalog import CatalogTable
    from vitals.store.state.changes import ChangeTable
    from vitals.store.state.export_quota import ExportQuota
    from vitals.store.state.exports import ExportTable
    from vitals.store.state.flags import FlagTable
    from vitals.store.state.ledger import Ledger
    from vitals.store.state.planning import PlanningTable
    from vitals.store.state.runs import RunTable
    from vitals.store.state.sites import SiteTable
    from vitals.store.state.tokens import TokenTable
    from vitals.store.state.views import ViewTable
    from vitals.store.tiers.cold import ColdTier
    from vitals.store.tiers.export_files import ExportFiles
    from vitals.store.tiers.footers import FooterTable
    from vitals.store.tiers.hot import HotTier
    from vitals.store.tiers.quality_files import QualityFiles
    from vitals.store.tiers.query_cache import ResultCache
    from vitals.store.tiers.rollups import RollupTier
    from vitals.store.tiers.staging import StagingArea


# A property imports its store, so that a function's cold start pays for the stores that it uses only.
class Stores:
    """The stores in the settings of a function; each is created when it is first used.

    A store whose table or bucket is missing in `settings` raises AttributeError.
    """

    def __init__(self, settings: Any, runtime: Runtime, config: ClientConfig) -> None:
        self._settings = settings
        self._runtime = runtime
        self._dynamodb = runtime.client("dynamodb", config)
        self._config = config

    @classmethod
    def connect(cls, settings: Any, runtime: Runtime, config: ClientConfig = CONFIG) -> "Stores":
        """Returns the stores with clients of this configuration."""
        return cls(settings, runtime, config)

    @cached_property
    def hot(self) -> "HotTier":
        from vitals.store.tiers.hot import HotTier

        return HotTier(self._dynamodb, self._settings.hot_table, self._runtime)

    @cached_property
    def cold(self) -> "ColdTier":
        from vitals.store.tiers.cold import ColdTier

        max_bytes = self._settings.max_day_file_bytes
        return ColdTier(
            self._s3, self._settings.cold_bucket, self._runtime, max_bytes=max_bytes, footers=self.footers
        )

    @cached_property
    def footers(self) -> "FooterTable":
        from vitals.store.tiers.footers import FooterTable

        return FooterTable(self._dynamodb, self._settings.state_table)

    @cached_property
    def rollups(self) -> "RollupTier":
        from vitals.store.tiers.rollups import RollupTier

        return RollupTier(self._dynamodb, self._settings.hot_table, self._runtime)

    @cached_property
    def quality_files(self) -> "QualityFiles":
        from vitals.store.tiers.quality_files import QualityFiles

        return QualityFiles(self._s3, self._settings.cold_bucket)

    @cached_property
    def staging(self) -> "StagingArea":
        from vitals.store.tiers.staging import StagingArea

        return StagingArea(self._s3, self._settings.cold_bucket, self._runtime)

    @cached_property
    def query_cache(self) -> "ResultCache":
        from vitals.store.tiers.query_cache import ResultCache

        # Reading the tiers is as quick as waiting for a cache that hangs.
        return ResultCache(self._runtime.client("s3", BRIEF), self._settings.cold_bucket)

    @cached_property
    def export_files(self) -> "ExportFiles":
        from vitals.store.tiers.export_files import ExportFiles

        return ExportFiles(self._s3, self._settings.cold_bucket)

    @cached_property
    def ledger(self) -> "Ledger":
        from vitals.store.state.ledger import Ledger

        return Ledger(self._dynamodb, self._settings.state_table)

    @cached_property
    def catalogs(self) -> "CatalogTable":
        from vitals.store.state.catalog import CatalogTable

        return CatalogTable(self._dynamodb, self._settings.state_table, self._runtime)

    @cached_property
    def sites(self) -> "SiteTable":
        from vitals.store.state.sites import SiteTable

        return SiteTable(self._dynamodb, self._settings.state_table, self._runtime)

    @cached_property
    def changes(self) -> "ChangeTable":
        from vitals.store.state.changes import ChangeTable

        return ChangeTable(self._dynamodb, self._settings.state_table, self._runtime)

    @cached_property
    def plannings(self) -> "PlanningTable":
        from vitals.store.state.planning import PlanningTable

        return PlanningTable(self._dynamodb, self._settings.state_table)

    @cached_property
    def runs(self) -> "RunTable":
        from vitals.store.state.runs import RunTable

        return RunTable(self._dynamodb, self._settings.state_table)

    @cached_property
    def exports(self) -> "ExportTable":
        from vitals.store.state.exports import ExportTable

        return ExportTable(self._dynamodb, self._settings.state_table)

    @cached_property
    def export_quota(self) -> "ExportQuota":
        from vitals.store.state.export_quota import ExportQuota

        return ExportQuota(self._dynamodb, self._settings.state_table)

    @cached_property
    def tokens(self) -> "TokenTable":
        from vitals.store.state.tokens import TokenTable

        return TokenTable(self._dynamodb, self._settings.state_table, self._runtime)

    @cached_property
    def flags(self) -> "FlagTable":
        from vitals.store.state.flags import FlagTable

        return FlagTable(self._dynamodb, self._settings.state_table, self._runtime)

    @cached_property
    def views(self) -> "ViewTable":
        from vitals.store.state.views import ViewTable

        return ViewTable(self._dynamodb, self._settings.state_table, self._runtime)

    def circuits(self, key_group: str) -> "CircuitTable":
        """Returns the circuit of a key group."""
        from vitals.store.control.circuit import CircuitTable

        return CircuitTable(self._dynamodb, self._settings.state_table, self._settings.ace_api_url, key_group)

    @cached_property
    def _s3(self) -> Any:
        return self._runtime.client("s3", self._config)
