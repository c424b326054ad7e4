"""AWS clients as this product uses them: short timeouts, standard retries, a connection per worker.

Made from botocore, because importing boto3 adds its S3 transfer manager to every cold start (80 ms).
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session

CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=32,
)


@cache
def client(service: str) -> Any:
    """The client of one service, made once; region, credentials and endpoint come from the environment."""
    # botocore's own choice for presigned links is version 2, which most regions refuse.
    config = CONFIG.merge(Config(signature_version="s3v4")) if service == "s3" else CONFIG
    return _session().create_client(service, config=config)


@cache
def _session() -> Session:
    return Session()
