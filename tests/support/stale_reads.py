"""A DynamoDB client whose eventually consistent reads lag behind, as long as a test wants."""

from typing import Any

import boto3

_LAGGING = "Lagging"


class StaleReads:
    """A client of moto; after `hold`, reads that are not consistent see the tables of that moment.

    `eventual` has the table of each read that was not consistent.
    """

    def __init__(self) -> None:
        self._client = boto3.client("dynamodb")
        self._held: set[str] = set()
        self.eventual: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def hold(self, *tables: str) -> None:
        """Copies the tables, for reads that are not consistent."""
        for table in tables:
            described = self._client.describe_table(TableName=table)["Table"]
            self._client.create_table(
                TableName=table + _LAGGING,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=described["AttributeDefinitions"],
                KeySchema=described["KeySchema"],
            )
            for page in self._client.get_paginator("scan").paginate(TableName=table):
                for item in page["Items"]:
                    self._client.put_item(TableName=table + _LAGGING, Item=item)
            self._held.add(table)

    def release(self) -> None:
        """Lets every read see the tables as they are."""
        self._held.clear()

    def query(self, **request: Any) -> Any:
        return self._client.query(**self._lagging(request))

    def get_item(self, **request: Any) -> Any:
        return self._client.get_item(**self._lagging(request))

    def _lagging(self, request: dict[str, Any]) -> dict[str, Any]:
        table = request["TableName"]
        if request.get("ConsistentRead"):
            return request
        self.eventual.append(table)
        return request | ({"TableName": table + _LAGGING} if table in self._held else {})
