"""The first attempt over sockets, against botocore alone: the same result after as many requests."""

import base64
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.raw_server import RawServer, answer, requests_on
from vitals.aws import clients, first_attempt
from vitals.aws.clients import Deadline
from vitals.errors import TierTimeoutError

ATTEMPTS = 3
CHECKSUM = base64.b64encode(zlib.crc32(b"abcdefghi").to_bytes(4, "big")).decode()
XML = "Content-Type: application/xml"


type Outcomes = dict[str, bytes | None]
"""Answers by name; None closes the connection without one."""


def error(status: str, code: str) -> bytes:
    return answer(f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), XML, status=status)


def refusal(status: str, code: str) -> bytes:
    return answer(json.dumps({"__type": f"x#{code}", "message": "no"}).encode(), status=status)


OBJECT: Outcomes = {
    "range": answer(b"abc", 'ETag: "a"', "Content-Range: bytes 0-2/9", status="206 Partial Content"),
    "whole": answer(b"abcdefghi", 'ETag: "b"', f"x-amz-checksum-crc32: {CHECKSUM}"),
    "damaged": answer(b"abcdefgh!", 'ETag: "b"', f"x-amz-checksum-crc32: {CHECKSUM}"),
    "failure": error("500 Internal Server Error", "InternalError"),
    "busy": error("503 Slow Down", "SlowDown"),
    "absent": error("404 Not Found", "NoSuchKey"),
    "replaced": error("412 Precondition Failed", "PreconditionFailed"),
    "gateway": answer(b"<html>", status="502 Bad Gateway"),
    "closed": None,
    "no HTTP": b"hello\r\n\r\n",
}
TABLE: Outcomes = {
    "written": answer(b"{}", f"x-amz-crc32: {zlib.crc32(b'{}')}"),
    "old item": answer(b'{"Attributes": {"b": {"B": "YWJj"}, "n": {"N": "1"}}}'),
    "damaged": answer(b"{}", "x-amz-crc32: 1"),
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
    "changed": refusal("400 Bad Request", "ConditionalCheckFailedException"),
    "throttled": refusal("400 Bad Request", "ProvisionedThroughputExceededException"),
    "failure": refusal("500 Internal Server Error", "InternalServerError"),
    "closed": None,
}


@pytest.fixture(scope="module", autouse=True)
def _without_pauses() -> Iterator[None]:
    """Retries follow at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        yield


def client(service: str, url: str, *, own_attempt: bool) -> Any:
    session = Session()
    session.set_credentials("key", "secret", "token")
    session.register("before-send", clients.check_deadline)
    config = Config(retries={"total_max_attempts": ATTEMPTS, "mode": "standard"})
    made = session.create_client(service, region_name="us-east-1", endpoint_url=url, config=config)
    if own_attempt:
        first_attempt.install(made, session.get_credentials())
    return made


def served(
    outcomes: list[bytes | None], call: Callable[[str], Any], meanwhile: Callable[[], None] = lambda: None
) -> tuple[Any, list[bytes]]:
    """Returns the result of calls to a server with these outcomes, and the requests that it received.

    The server calls `meanwhile` before each outcome.
    """
    requests: list[bytes] = []

    def serve(connection: socket.socket, _: int) -> None:
        for head in requests_on(connection):
            outcome = outcomes[len(requests)]
            requests.append(head)
            meanwhile()
            if outcome is not None:
                connection.sendall(outcome)
            if outcome in (None, TABLE["cut"]):
                return

    with RawServer(serve) as server:
        return call(server.url), requests


def result(call: Callable[[], Any]) -> Any:
    """Returns what a call returns, or its error."""
    try:
        return call()
    except ClientError as failure:
        return failure.response["Error"], failure.response["ResponseMetadata"]["RetryAttempts"]
    except (BotoCoreError, TierTimeoutError) as failure:
        return type(failure)


def read(made: Any) -> Any:
    reply = made.get_object(Bucket="bucket", Key="a b/ä", Range="bytes=0-2", IfMatch='"a"')
    return reply["Body"].read(), reply["ETag"], reply.get("ContentRange")


def write(made: Any) -> Any:
    return made.put_item(TableName="t", Item={"pk": {"S": "ä"}}, ReturnValues="ALL_OLD").get("Attributes")


def both(
    service: str, call: Callable[[Any], Any], outcomes: list[bytes | None]
) -> list[tuple[Any, list[bytes]]]:
    """Returns the result of a call and its requests, without an attempt of our own and with one."""
    return [
        served(outcomes, lambda url, own=own: result(lambda: call(client(service, url, own_attempt=own))))
        for own in (False, True)
    ]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(OBJECT)), min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_every_read_ends_as_in_botocore(names: list[str]) -> None:
    (plain, by_botocore), (own, received) = both("s3", read, [OBJECT[name] for name in names])
    assert own == plain
    assert [head.splitlines()[0] for head in received] == [head.splitlines()[0] for head in by_botocore]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(TABLE)), min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_every_write_ends_as_in_botocore(names: list[str]) -> None:
    (plain, by_botocore), (own, received) = both("dynamodb", write, [TABLE[name] for name in names])
    assert own == plain
    assert len(received) == len(by_botocore)


@pytest.mark.parametrize(
    ("service", "call", "outcome"),
    [("s3", read, OBJECT["range"]), ("dynamodb", write, TABLE["written"])],
)
def test_the_first_attempt_is_our_own(service: str, call: Callable[[Any], Any], outcome: bytes) -> None:
    (_, [plain]), (_, [own]) = both(service, call, [outcome])
    assert b"Authorization: AWS4-HMAC-SHA256 Credential=key/" in own
    # botocore's own attempts are numbered.
    assert headers(own) == headers(plain) - {b"amz-sdk-invocation-id", b"amz-sdk-request"}


def headers(head: bytes) -> set[bytes]:
    return {line.partition(b":")[0].lower() for line in head.splitlines()[1:]}


def test_an_outcome_is_of_its_request_only() -> None:
    def two(url: str) -> list[Any]:
        made = client("s3", url, own_attempt=True)
        return [result(lambda: read(made)), result(lambda: read(made))]

    results, _ = served([OBJECT["absent"], OBJECT["range"]], two)
    assert results[0][0]["Code"] == "NoSuchKey"
    assert results[1] == (b"abc", '"a"', "bytes 0-2/9")


def test_nothing_is_sent_after_the_deadline() -> None:
    def late(url: str) -> Any:
        with clients.deadline.within(0):
            return result(lambda: read(client("s3", url, own_attempt=True)))

    assert served([], late) == (TierTimeoutError, [])


@pytest.mark.parametrize(
    ("service", "call", "outcome"),
    [("s3", read, OBJECT[name]) for name in ("range", "whole", "absent", "replaced", "failure", "closed")]
    + [("dynamodb", write, TABLE[name]) for name in ("written", "changed", "damaged", "throttled")],
)
def test_after_the_deadline_nothing_is_repeated(
    monkeypatch: pytest.MonkeyPatch, service: str, call: Callable[[Any], Any], outcome: bytes | None
) -> None:
    """An answer that comes later counts, and a failure is the last."""
    times_s = [0.0]
    monkeypatch.setattr(clients, "deadline", Deadline(lambda: times_s[-1]))

    def in_time(url: str, own: bool) -> Any:
        times_s.append(0.0)
        with clients.deadline.within(1):
            return result(lambda: call(client(service, url, own_attempt=own)))

    plain, own = (
        served([outcome], lambda url, own=own: in_time(url, own), lambda: times_s.append(2.0))
        for own in (False, True)
    )
    assert own[0] == plain[0]
    assert len(own[1]) == len(plain[1]) == 1
