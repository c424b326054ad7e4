"""Signatures against botocore's own of the same request."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from vitals.aws.signing import Signer

VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
NAME = st.from_regex(r"[A-Za-z]+(-[A-Za-z0-9]+){0,2}", fullmatch=True)
TOKEN = st.one_of(st.none(), VISIBLE)
HEADERS = st.dictionaries(
    NAME.filter(lambda name: name.lower() not in ("host", "authorization", "expect", "transfer-encoding")),
    st.lists(VISIBLE, min_size=1, max_size=3).map("  ".join),
    max_size=4,
).filter(lambda headers: len({name.lower() for name in headers}) == len(headers))
ORIGIN = st.sampled_from(
    [
        "https://bucket.s3.eu-west-1.amazonaws.com",
        "https://Bucket.S3.eu-west-1.amazonaws.com",
        "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com:443",
        "http://127.0.0.1:4566",
        "http://localhost:80",
        "https://localhost:80",
        "http://[::1]:8000",
    ]
)


@given(
    origin=ORIGIN,
    key=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
    headers=HEADERS,
    body=st.binary(max_size=20),
    token=TOKEN,
    service=st.sampled_from(["s3", "dynamodb"]),
)
def test_the_signature_is_botocores(
    origin: str, key: str, headers: dict[str, str], body: bytes, token: str | None, service: str
) -> None:
    path = "/" + quote(key, safe="/~") if service == "s3" else "/"
    url = f"{origin}{path}"
    expected = of_botocore(url, headers, body, token, service)
    now = datetime.strptime(expected["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = Signer("AKID", "secret", token, "eu-west-1", service)
    signed = signer.signed("POST" if body else "GET", url, headers, body, now)
    assert signed == expected


def of_botocore(
    url: str, headers: dict[str, str], body: bytes, token: str | None, service: str
) -> dict[str, Any]:
    """Returns the headers of a request that botocore has signed."""
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    request = AWSRequest("POST" if body else "GET", url, dict(headers), body)
    signer(Credentials("AKID", "secret", token), service, "eu-west-1").add_auth(request)
    return dict(request.headers.items())


def test_secrets_are_not_in_its_text() -> None:
    assert "secret" not in repr(Signer("AKID", "secret", "token", "eu-west-1", "s3"))
