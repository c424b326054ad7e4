"""The product's Athena with the clients of its runtime in place of awswrangler, which makes its own."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from vitals.aws.athena import Athena


class EmptyDataFrame(Exception):
    """The result of an UNLOAD has no file, and therefore no types."""


@dataclass(frozen=True)
class Wrangler:
    """What the product uses of awswrangler: its modules `athena` and `exceptions`, here the same object."""

    athena_client: Any
    s3_client: Any
    new_id: Any
    EmptyDataFrame = EmptyDataFrame

    @property
    def athena(self) -> "Wrangler":
        return self

    @property
    def exceptions(self) -> "Wrangler":
        return self

    def start_query_execution(
        self,
        sql: str,
        *,
        database: str,
        workgroup: str,
        params: Sequence[str],
        paramstyle: str,
        boto3_session: Any,
    ) -> str:
        """Starts a query and returns its id."""
        assert paramstyle == "qmark"
        answer = self.athena_client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            WorkGroup=workgroup,
            ExecutionParameters=list(params),
            ClientRequestToken=self.new_id(),
        )
        return str(answer["QueryExecutionId"])

    def get_query_execution(self, execution: str, *, boto3_session: Any) -> dict[str, Any]:
        """Returns the description of a query."""
        answer: dict[str, Any] = self.athena_client.get_query_execution(QueryExecutionId=execution)
        return answer["QueryExecution"]

    def stop_query_execution(self, execution: str, *, boto3_session: Any) -> None:
        """Cancels a query."""
        self.athena_client.stop_query_execution(QueryExecutionId=execution)

    def get_query_results(self, execution: str, *, boto3_session: Any) -> Any:
        """Returns the files of an UNLOAD as a data frame; EmptyDataFrame without files."""
        details = self.get_query_execution(execution, boto3_session=boto3_session)
        addresses = self._read(details["Statistics"]["DataManifestLocation"]).decode().splitlines()
        if not addresses:
            raise EmptyDataFrame
        tables = [pq.read_table(io.BytesIO(self._read(address))) for address in addresses]
        return pa.concat_tables(tables).to_pandas(types_mapper=_pandas_type)

    def _read(self, address: str) -> bytes:
        url = urlsplit(address)
        answer = self.s3_client.get_object(Bucket=url.netloc, Key=url.path.removeprefix("/"))
        body: bytes = answer["Body"].read()
        return body


class SimulatedAthena(Athena):
    """Athena with the polling and the errors of the product; `athena` and `s3` are the runtime's clients."""

    __slots__ = ()

    def _wrangler(self) -> tuple[Any, Any]:
        client = self.runtime.client
        wrangler = Wrangler(
            client("athena", self.client_config), client("s3", self.client_config), self.runtime.new_id
        )
        return wrangler, None


def _pandas_type(kind: pa.DataType) -> Any:
    """Returns the types that awswrangler uses for what the product selects."""
    import pandas as pd

    if pa.types.is_int64(kind):
        return pd.Int64Dtype()
    return pd.StringDtype() if pa.types.is_string(kind) else None
