"""AWS Signature Version 4 for requests without a query string.

Source: AWS Identity and Access Management User Guide, "Create a signed AWS API request".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}
# Proxies may change these; botocore does not sign them either.
_UNSIGNED = ("user-agent", "x-amzn-trace-id")


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs requests to a service of a region with credentials; `token` is None for a user's own."""

    access_key: str
    secret_key: str
    token: str | None
    region: str
    service: str

    def signed(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> dict[str, str]:
        """Returns the headers and those that sign the request at this time in UTC.

        The path is signed as it is in the URL, encoded once, as S3 wants it; DynamoDB's is always `/`.
        """
        target = urlsplit(url)
        at = now.strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        sent = {**headers, "X-Amz-Date": at}
        if self.token:
            sent["X-Amz-Security-Token"] = self.token
        if self.service == "s3":
            sent["X-Amz-Content-SHA256"] = digest
        lines = {name.lower(): " ".join(value.split()) for name, value in sent.items()}
        lines["host"] = _host(target)
        names = sorted(lines.keys() - _UNSIGNED)
        signed_headers = ";".join(names)
        text_of_headers = "".join(f"{name}:{lines[name]}\n" for name in names)
        canonical = f"{method}\n{target.path}\n\n{text_of_headers}\n{signed_headers}\n{digest}"
        scope = f"{at[:8]}/{self.region}/{self.service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(_key(self.secret_key, scope), text.encode(), "sha256").hex()
        sent["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders={signed_headers}, Signature={signature}"
        )
        return sent


def _host(target: SplitResult) -> str:
    """Returns the host as HTTP clients name it: in lower case, with its port unless that is the default."""
    host = target.hostname or ""
    named = f"[{host}]" if ":" in host else host
    return named if target.port in (None, _PORTS.get(target.scheme)) else f"{named}:{target.port}"


# A process has the credentials of one role, which last for hours, and few services.
@lru_cache(maxsize=8)
def _key(secret_key: str, scope: str) -> bytes:
    """Returns the key of a day, region and service."""
    key = f"AWS4{secret_key}".encode()
    for name in scope.split("/"):
        key = hmac.digest(key, name.encode(), "sha256")
    return key
