"""Results of the query API in S3, where a lifecycle rule removes them after a day."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from vitals.aws import s3
from vitals.aws.cost import Cost
from vitals.errors import CacheError
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Larger results are rare, and as quick to read from their tiers again.
MAX_ENTRY_BYTES = 4 * 2**20


class ResultCache:
    """Entries by site and digest."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, site: str, digest: str, cost: Cost) -> bytes | None:
        """Returns the entry, None when there is none; CacheError when the cache cannot be read."""
        try:
            # Once: the tiers have the rows too, and a body that hangs takes seconds.
            _, body = s3.read(
                self._client, {"Bucket": self._bucket, "Key": keys.cached(site, digest)}, attempts=1
            )
        except ClientError as error:
            cost.add_get(0)
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise CacheError(f"the cache could not be read: {error}") from error
        except (BotoCoreError, *s3.BODY_ERRORS) as error:
            raise CacheError(f"the cache could not be read: {error}") from error
        cost.add_get(len(body))
        return body

    def put(self, site: str, digest: str, body: bytes) -> bool:
        """Stores the entry; False when it is too large. CacheError when the cache cannot be written."""
        if len(body) > MAX_ENTRY_BYTES:
            return False
        try:
            self._client.put_object(Bucket=self._bucket, Key=keys.cached(site, digest), Body=body)
        except (ClientError, BotoCoreError) as error:
            raise CacheError(f"the cache could not be written: {error}") from error
        return True
