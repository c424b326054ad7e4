"""A stand-in: answers every route."""

import json
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Says that it was reached, and by which route."""
    body = {"ok": True, "route": event["resource"], "method": event["httpMethod"]}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
