"""Answers frequent requests by an attempt of our own: a call takes 0.5 to 0.7 of the CPU.

botocore's event before-call lets another function give the answer. An attempt without a good answer becomes
the first of botocore's own attempts, so that errors, retries and their pauses stay botocore's.
"""

from collections.abc import Mapping
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict, HTTPHeaders
from botocore.compat import get_current_datetime
from botocore.hooks import first_non_none_response

from vitals.aws import parsing
from vitals.aws.signing import Signer

_PARSERS = {
    "dynamodb": {
        "GetItem": parsing.dynamodb,
        "BatchGetItem": parsing.dynamodb,
        "Query": parsing.dynamodb,
        "PutItem": parsing.dynamodb,
        "UpdateItem": parsing.dynamodb,
        "DeleteItem": parsing.dynamodb,
        "TransactWriteItems": parsing.dynamodb,
    },
    "s3": {"GetObject": parsing.object_range},
}
_SIGNATURES = ("v4", "s3v4")
# In the context of a request: the outcome of our attempt until botocore takes it, and whether the attempt
# that botocore begins was answered by ours.
_OUTCOME = "vitals_outcome"
_IS_MADE = "vitals_is_made"


def install(client: Any, credentials: Any) -> None:
    """Makes a client of DynamoDB or S3 begin its frequent requests with an attempt of our own."""
    service = client.meta.service_model.service_id.hyphenize()
    if service not in _PARSERS or credentials is None:
        return
    # After botocore's own functions, which complete the headers.
    client.meta.events.register_last("before-call", _FirstAttempts(client, service, credentials).answer)
    for operation in _PARSERS[service]:
        client.meta.events.register_first(f"before-send.{service}.{operation}", _hand_over)


def is_made(request: Any) -> bool:
    """Returns whether the attempt that botocore begins was made before, so that it sends nothing."""
    return bool((request.context or {}).get(_IS_MADE))


class _FirstAttempts:
    """The first attempts of one client."""

    def __init__(self, client: Any, service: str, credentials: Any) -> None:
        self._events = client.meta.events
        # Its connections, timeouts, proxies and certificates.
        self._http = client._endpoint.http_session
        self._service = service
        self._credentials = credentials

    def answer(
        self, model: Any, params: Mapping[str, Any], request_signer: Any, **_: Any
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Returns the response to a request and its parsed answer, or None, so that botocore sends it.

        `params` is the request without a signature; its `context` goes with it to `before-send`.
        """
        parser = _PARSERS[self._service].get(model.name)
        if parser is None or not self._is_simple(params, request_signer):
            return None
        request = self._signed(params, request_signer)
        try:
            # As botocore does it: these functions check the deadline, and may answer in place of AWS.
            event = f"before-send.{self._service}.{model.name}"
            response = first_non_none_response(self._events.emit(event, request=request))
            response = response or self._http.send(request)
        except Exception as error:
            params["context"][_OUTCOME] = error
            return None
        answer = parser(response)
        if answer is None:
            params["context"][_OUTCOME] = response
            return None
        return response, answer

    def _is_simple(self, params: Mapping[str, Any], signer: Any) -> bool:
        """Returns whether a request is one that `Signer` signs; objects are read by ranges."""
        signature = params["context"].get("auth_type") or signer.signature_version
        return (
            signature in _SIGNATURES
            and not params["query_string"]
            and (self._service != "s3" or "Range" in params["headers"])
        )

    def _signed(self, params: Mapping[str, Any], signer: Any) -> AWSPreparedRequest:
        keys = self._credentials.get_frozen_credentials()
        signing = params["context"].get("signing", {})
        own = Signer(
            keys.access_key,
            keys.secret_key,
            keys.token,
            signing.get("region", signer.region_name),
            signing.get("signing_name", signer.signing_name),
        )
        method, url, body = params["method"], params["url"], params["body"]
        signed = own.signed(method, url, params["headers"], body, get_current_datetime())
        headers = HeadersDict({name: value.encode() for name, value in signed.items()})
        # botocore's stubs have another type for the headers than botocore has.
        typed, streams = cast("HTTPHeaders", headers), self._service == "s3"
        return AWSPreparedRequest(method, url, typed, body or None, streams, params["context"])


def _hand_over(request: Any, **_: Any) -> AWSResponse | None:
    """Gives botocore the outcome of the attempt that was made before its own ones."""
    outcome: AWSResponse | Exception | None = request.context.pop(_OUTCOME, None)
    if isinstance(outcome, Exception):
        raise outcome
    request.context[_IS_MADE] = outcome is not None
    return outcome
