"""Athena on the local stack: a day file in the stack's bucket, asked through the stack's endpoint."""

import io
import struct
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.stack.processes import wait_until
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.cost import Cost
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, Span, day_start
from vitals.reading.athena import AthenaReader

pytestmark = pytest.mark.integration

SITE = "athena_test"
DAY = day_start("2026-01-05")
NAMES = ["a/b:1 'quoted'", "Zähler #2 %"]
TIMES = [DAY, DAY + 1, DAY + DAY_MS - 1]
VALUES = [-0.0, 0.1 + 0.2, -1234567.8901234567]


@pytest.fixture
def athena(stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """This process as one of the stack's functions, with a day file in the stack's bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack["aws_endpoint"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", stack["athena_endpoint"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack["region"])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    table = pa.table(
        {
            "point_name": [name for name in NAMES for _ in TIMES],
            "timestamp": pa.array(TIMES * 2, pa.timestamp("ms", tz="UTC")),
            "value": VALUES * 2,
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    boto3.client("s3").put_object(
        Bucket=stack["outputs"]["ColdBucket"],
        Key=f"timeseries/{SITE}/2026/01/05/samples.parquet",
        Body=buffer.getvalue(),
    )
    return boto3.client("athena")


def ended(athena: Any, stack: dict[str, Any], sql: str, *parameters: str) -> dict[str, Any]:
    """The description of a query that has ended."""
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": stack["outputs"]["GlueDatabase"]},
        WorkGroup=stack["outputs"]["AthenaWorkGroup"],
        **({"ExecutionParameters": list(parameters)} if parameters else {}),
    )
    described: dict[str, Any] = {}

    def over() -> bool:
        nonlocal described
        answer = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
        described = answer["QueryExecution"]
        return described["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED")

    assert wait_until(over, 30)
    return described


def rows(athena: Any, execution: dict[str, Any]) -> list[list[str]]:
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    result_rows = athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"][
        "Rows"
    ]
    return [[cell["VarCharValue"] for cell in row["Data"]] for row in result_rows[1:]]


def test_the_reader_gets_a_day_to_the_bit(stack: dict[str, Any], athena: Any) -> None:
    outputs = stack["outputs"]
    engine = Athena(outputs["GlueDatabase"], outputs["AthenaWorkGroup"], CONFIG)
    reader = AthenaReader(engine, outputs["ColdBucket"], outputs["GlueTable"])
    samples: Samples = reader.raw(SITE, NAMES, Span(DAY, DAY + DAY_MS), 20, Cost())
    assert samples.ids.tolist() == [0, 0, 0, 1, 1, 1]
    assert samples.times.tolist() == TIMES * 2
    assert samples.values.tobytes() == struct.pack("<6d", *VALUES * 2)


def test_a_select_leaves_rows_in_the_results_location(stack: dict[str, Any], athena: Any) -> None:
    sql = f"""SELECT point_name, max(value) AS highest FROM {stack["outputs"]["GlueTable"]}
              WHERE site = ? GROUP BY 1 ORDER BY 1"""
    execution = ended(athena, stack, sql, f"'{SITE}'")
    highest = repr(0.1 + 0.2)
    assert rows(athena, execution) == [[name, highest] for name in sorted(NAMES)]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    assert (bucket, key) == (stack["outputs"]["ColdBucket"], f"athena/{execution['QueryExecutionId']}.csv")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert body.splitlines()[1:] == [f'"{name}","{highest}"' for name in sorted(NAMES)]


def test_a_query_without_a_site_shows_athenas_reason(stack: dict[str, Any], athena: Any) -> None:
    status = ended(athena, stack, f"SELECT count(*) FROM {stack['outputs']['GlueTable']}")["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("CONSTRAINT_VIOLATION")


def test_the_named_queries_are_the_workgroups(stack: dict[str, Any], athena: Any) -> None:
    """The emulator keeps them, and the Athena server passes the request on."""
    ids = athena.list_named_queries(WorkGroup=stack["outputs"]["AthenaWorkGroup"])["NamedQueryIds"]
    named = [athena.get_named_query(NamedQueryId=query_id)["NamedQuery"] for query_id in ids]
    assert {query["Name"] for query in named} == {"Daily summary of a site", "Longest gaps of a site"}
    for query in named:
        days = ("'2026/01/05'", "'2026/01/05'")
        execution = ended(athena, stack, query["QueryString"], f"'{SITE}'", *days)
        assert len(rows(athena, execution)) == len(NAMES)
