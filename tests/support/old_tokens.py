"""Tokens as the versions before the scope `export` stored them."""

from typing import Any

from vitals.store import keys


def forget_scopes_version(dynamodb: Any, table: str = "StateTable") -> None:
    """Removes the version of the scopes from every token's grants and from its entry in the index."""
    for item in dynamodb.scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith(keys.TOKEN_PREFIX):
            del item["scopes_version"]
            dynamodb.put_item(TableName=table, Item=item)
