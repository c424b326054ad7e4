"""The API keys that `vitals token create` adds to a usage plan."""

import contextlib
from collections.abc import Iterator
from typing import Any

# The beginning of the names of these keys (operations/usage_plan.py).
NAME_PREFIX = "vitals "


def delete_token_keys(client: Any, usage_plan: str) -> int:
    """Deletes the keys of tokens in a usage plan and returns their number; repeats are harmless.

    A plan or a key that was deleted by hand is none to delete.
    """
    try:
        keys = list(_token_keys(client, usage_plan))
    except client.exceptions.NotFoundException:
        return 0
    for key in keys:
        with contextlib.suppress(client.exceptions.NotFoundException):
            client.delete_api_key(apiKey=key)
    return len(keys)


def _token_keys(client: Any, usage_plan: str) -> Iterator[str]:
    # A region has at most 10,000 keys, so the pages end.
    for page in client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=usage_plan):
        for key in page["items"]:
            if key["name"].startswith(NAME_PREFIX):
                yield key["id"]
