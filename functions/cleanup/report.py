"""The report that CloudFormation expects of a custom resource."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

_TIMEOUT_S = 10


def report(event: Mapping[str, Any], failure: str) -> None:
    """Sends the result of an event to the address in it; an empty `failure` reports success."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": failure,
        # Always the same: a new id would make CloudFormation delete the resource that had the old one.
        "PhysicalResourceId": event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The address is presigned without a content type.
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(body).encode(), headers={"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S):
        return
