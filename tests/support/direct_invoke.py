"""Lambda's client for direct invokes of a handler in this process."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class DirectInvoke:
    """Answers an invoke as Lambda does: with the handler's answer, or with its error."""

    handler: Callable[[dict[str, Any]], Any]
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment of the function."""

    def get_function_configuration(self, **_: str) -> Any:
        return {"Environment": {"Variables": self.variables}}

    def invoke(self, *, FunctionName: str, Qualifier: str, Payload: bytes) -> dict[str, Any]:
        assert Qualifier == "live"
        try:
            answer, error = self.handler(json.loads(Payload)), {}
        except Exception as raised:
            answer = {"errorType": type(raised).__name__, "errorMessage": str(raised)}
            error = {"FunctionError": "Unhandled"}
        return error | {"Payload": io.BytesIO(json.dumps(answer).encode())}
