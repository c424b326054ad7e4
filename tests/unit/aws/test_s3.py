"""Bodies of objects that break off while they are read."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.response import StreamingBody
from urllib3.exceptions import SSLError

from vitals.aws import s3

CONTENT = b"ab" * 2**20
ERRORS = [
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
    FlexibleChecksumError(error_msg="other bytes"),
    ReadTimeoutError(endpoint_url="https://s3"),
    ResponseStreamingError(error="reset"),
    SSLError("unexpected end"),
]


class Breaking(io.BytesIO):
    """A body of which the first megabyte arrives."""

    def __init__(self, error: Exception) -> None:
        super().__init__(CONTENT[: 2**20])
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if size is None or size < 0 or not chunk:
            raise self._error
        return chunk


class Bucket:
    """One object, whose first bodies break off with these errors."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = iter(errors)
        self.requests: list[dict[str, Any]] = []

    def get_object(self, **request: Any) -> Any:
        self.requests.append(request)
        error = next(self._errors, None)
        raw: Any = Breaking(error) if error else io.BytesIO(CONTENT)
        return {"Body": StreamingBody(raw, None if error else len(CONTENT)), "ETag": '"e"'}


REQUEST = {"Bucket": "b", "Key": "k"}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_body_that_breaks_off_is_read_again(error: Exception, tmp_path: Path) -> None:
    broken: list[None] = []
    bucket: Any = Bucket(error, error)
    answer, body = s3.read(bucket, REQUEST, lambda: broken.append(None))
    assert (answer["ETag"], body, len(broken)) == ('"e"', CONTENT, 2)
    bucket = Bucket(error, error)
    s3.copy(bucket, REQUEST, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    assert bucket.requests == [REQUEST] * 3


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_third_error_is_raised(error: Exception, tmp_path: Path) -> None:
    bucket: Any = Bucket(error, error, error)
    with pytest.raises(s3.BODY_ERRORS, match=re.escape(str(error))):
        s3.copy(bucket, REQUEST, tmp_path / "copy")
    assert len(bucket.requests) == 3


def test_a_short_body_is_an_incomplete_read(tmp_path: Path) -> None:
    """Also for `copy`, which reads it in pieces."""

    class Short(Bucket):
        def get_object(self, **request: Any) -> Any:
            self.requests.append(request)
            return {"Body": StreamingBody(io.BytesIO(CONTENT[:-1]), len(CONTENT))}  # type: ignore[arg-type]

    for read in (lambda b: s3.read(b, REQUEST), lambda b: s3.copy(b, REQUEST, tmp_path / "copy")):
        bucket: Any = Short()
        with pytest.raises(IncompleteReadError):
            read(bucket)
        assert len(bucket.requests) == 3


def test_a_refused_request_is_left_to_botocore() -> None:
    """Which has repeated it already."""
    requests = []

    class Hanging:
        def get_object(self, **request: Any) -> Any:
            requests.append(request)
            raise ConnectTimeoutError(endpoint_url="https://s3")

    client: Any = Hanging()
    with pytest.raises(ConnectTimeoutError):
        s3.read(client, REQUEST)
    assert len(requests) == 1
