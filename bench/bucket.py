"""S3 in memory behind a client as functions have: its network is stubbed, its parsing is not."""

import hashlib
import io
import re
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders

from bench import environment


class MemoryBucket:
    """One object, whatever its key, which answers ranges of itself."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'

    def client(self) -> Any:
        """Returns an S3 client whose requests end here."""
        client = environment.client("s3")
        client.meta.events.register("before-send.s3.GetObject", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        first, last = re.fullmatch(rb"bytes=(\d*)-(\d+)", request.headers["Range"]).groups()  # type: ignore[union-attr]
        start, end = (int(first), int(last) + 1) if first else (len(self.body) - int(last), len(self.body))
        selected = self.body[max(0, start) : end]
        headers = HTTPHeaders()
        headers["ETag"] = self.etag
        headers["Content-Length"] = str(len(selected))
        headers["Content-Range"] = f"bytes {max(0, start)}-{end - 1}/{len(self.body)}"
        return AWSResponse(request.url, 206, headers, _Raw(selected))


class _Raw(io.BytesIO):
    """A body like urllib3's."""

    def stream(self, **_: Any) -> Any:
        yield self.read()
