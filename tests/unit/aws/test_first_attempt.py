"""Attempts of our own against botocore's: the answers are equal; errors and retries are botocore's."""

import base64
import io
import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, FlexibleChecksumError
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from vitals.aws import first_attempt, s3

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
NUMBER = st.integers().map(str)
WIRE_BINARY = st.binary(max_size=40).map(lambda body: base64.b64encode(body).decode())
VALUE = st.one_of(
    st.fixed_dictionaries({"S": TEXT}),
    st.fixed_dictionaries({"N": NUMBER}),
    st.fixed_dictionaries({"B": WIRE_BINARY}),
    st.fixed_dictionaries({"NS": st.lists(NUMBER, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"M": st.dictionaries(TEXT, st.fixed_dictionaries({"N": NUMBER}), max_size=3)}),
)
ITEM = st.dictionaries(TEXT, VALUE, max_size=5)


class Body(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def client(service: str, status: int, headers: dict[str, str], body: bytes, *, quick: bool) -> Any:
    """Returns a client whose every request has this answer."""
    session = Session()
    session.set_credentials("key", "secret")
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    made = session.create_client(service, region_name="us-east-1", config=config)
    if quick:
        first_attempt.install(made, session.get_credentials())

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), Body(body))

    made.meta.events.register(f"before-send.{service}", answer)
    return made


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


PLAIN, QUICK = (client("dynamodb", 200, {}, b"{}", quick=quick) for quick in (False, True))


def both(operation: str, body: Any, **request: Any) -> list[dict[str, Any]]:
    """Returns the answers of both parsers to the same bytes."""
    answers = []
    for made in (PLAIN, QUICK):
        content = json.dumps(body).encode()

        def answer(request: Any, content: bytes = content, **_: Any) -> AWSResponse:
            return AWSResponse(request.url, 200, HTTPHeaders(), Body(content))

        made.meta.events.register_first("before-send.dynamodb", answer, unique_id="answer")
        try:
            answers.append(without_metadata(getattr(made, operation)(**request)))
        finally:
            made.meta.events.unregister("before-send.dynamodb", answer, unique_id="answer")
    return answers


@given(st.lists(ITEM, max_size=4), st.booleans())
def test_items_of_a_query_are_the_same(items: list[Any], more: bool) -> None:
    body = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    body |= {"LastEvaluatedKey": {"pk": {"S": "a"}, "w": {"N": "3"}}} if more else {}
    plain, quick = both("query", body, TableName="t", KeyConditionExpression="pk = :pk")
    assert quick == plain


@given(st.lists(ITEM, max_size=4))
def test_items_of_a_batch_are_the_same(items: list[Any]) -> None:
    keys = {"t": {"Keys": [{"pk": {"S": "a"}}]}}
    plain, quick = both(
        "batch_get_item", {"Responses": {"t": items}, "UnprocessedKeys": keys}, RequestItems=keys
    )
    assert quick == plain


@given(st.one_of(st.none(), ITEM))
def test_one_item_is_the_same(item: Any) -> None:
    body = {} if item is None else {"Item": item}
    plain, quick = both("get_item", body, TableName="t", Key={"pk": {"S": "a"}})
    assert quick == plain


def outcome(made: Any) -> Any:
    """Returns the answer to a query, or the kind of its error."""
    try:
        return without_metadata(made.query(TableName="t", KeyConditionExpression="pk = :pk"))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("body", [b'{"Items": [', b"<html>", b"\xff", b"[]", b"null"])
def test_a_broken_body_ends_as_in_botocore(body: bytes) -> None:
    plain, quick = (outcome(client("dynamodb", 200, {}, body, quick=quick)) for quick in (False, True))
    assert quick == plain


@pytest.mark.parametrize(
    "body",
    [
        {"Items": None, "Count": 0},
        {"Items": [{"a": {"B": None}}]},
        {"Items": [{"a": None}]},
        {"Items": [{"a": {"B": "%"}}]},
        {"Items": 1},
        {"Responses": None, "Items": []},
    ],
)
def test_an_answer_of_another_form_is_botocores(body: Any) -> None:
    content = json.dumps(body).encode()
    plain, quick = (outcome(client("dynamodb", 200, {}, content, quick=quick)) for quick in (False, True))
    assert quick == plain


def test_an_error_is_botocores() -> None:
    body = json.dumps({"__type": "x#ConditionalCheckFailedException", "message": "no"}).encode()
    made = client("dynamodb", 400, {}, body, quick=True)
    with pytest.raises(made.exceptions.ConditionalCheckFailedException):
        made.query(TableName="t", KeyConditionExpression="pk = :pk")


def test_a_range_has_what_readers_use() -> None:
    headers = {
        "ETag": '"a"',
        "content-length": "3",
        "Content-Range": "bytes 0-2/9",
        "X-Amz-Version-Id": "v1",
        "Last-Modified": "no date at all",
    }
    made = client("s3", 206, headers, b"abc", quick=True)
    answer, body = s3.read(made, {"Bucket": "bucket", "Key": "key", "Range": "bytes=0-2"})
    assert body == b"abc"
    used = (answer["ETag"], answer["ContentLength"], answer["ContentRange"], answer["VersionId"])
    assert used == ('"a"', 3, "bytes 0-2/9", "v1")


@pytest.mark.parametrize("span", [{}, {"Range": "bytes=0-2"}])
def test_an_object_with_a_wrong_checksum_fails(span: dict[str, str]) -> None:
    headers = {"ETag": '"a"', "content-length": "3", "x-amz-checksum-crc32": "AAAAAA=="}
    made = client("s3", 200, headers, b"abc", quick=True)
    with pytest.raises(FlexibleChecksumError):
        s3.read(made, {"Bucket": "bucket", "Key": "key", **span})


def test_an_absent_object_is_botocores_error() -> None:
    made = client("s3", 404, {}, b"<Error><Code>NoSuchKey</Code></Error>", quick=True)
    with pytest.raises(ClientError, match="NoSuchKey"):
        made.get_object(Bucket="bucket", Key="key", Range="bytes=0-2")
