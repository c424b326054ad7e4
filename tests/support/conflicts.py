"""A client of DynamoDB whose first writes conflict with the transaction of another process; moto has none."""

from dataclasses import dataclass
from typing import Any

FOR_EVER = 1_000


@dataclass
class Conflicting:
    """Refuses the first writes as DynamoDB does while another write of the item is under way."""

    client: Any
    times: int
    reason: str = "TransactionConflict"
    """Of the cancelled transactions."""
    refused: int = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        if name not in ("update_item", "put_item", "delete_item", "transact_write_items"):
            return call
        return lambda **request: self._answer(name, call, request)

    def _answer(self, name: str, call: Any, request: Any) -> Any:
        if self.refused == self.times:
            return call(**request)
        self.refused += 1
        exceptions = self.client.exceptions
        if name == "transact_write_items":
            reasons: Any = {"CancellationReasons": [{"Code": self.reason}, {"Code": "None"}]}
            raise exceptions.TransactionCanceledException({"Error": {"Code": "x"}} | reasons, name)
        error: Any = {"Error": {"Code": "TransactionConflictException"}}
        raise exceptions.TransactionConflictException(error, name)
