"""How this product's AWS clients behave: short timeouts, adaptive retries, a connection per worker."""

from botocore.config import Config

CLIENT = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=32,
)
