"""First and last step of every request to the API: limits of the request, headers of the response."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitals.aws import clients
from vitals.aws.clients import Deadline
from vitals.http.responses import error_answer
from vitals.http.strict import ignores_input, takes_any_body

# 500 names of 512 characters, each escaped as two times six bytes (\ud83c\udf21), are 3,072,000 bytes.
# An event of Lambda has at most 6 MB, in which every backslash is escaped again.
MAX_BODY_BYTES = 3_200_000
# API Gateway accepts 10,240 bytes of request line and headers; these limits hold without it, too.
MAX_PATH = 2_048
MAX_PARAMETERS = 30
MAX_PARAMETER_NAME = 64
MAX_VALUE = 10_000

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
ALLOWED_HEADERS = "Authorization, Content-Type, Accept, If-None-Match"
ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
EXPOSED_HEADERS = ("ETag", "Retry-After")
# A browser shows a header of the API to a script only if it is exposed by name.
_API_PREFIX = "vitals-"
# The longest time that Chrome caches a preflight.
_PREFLIGHT_S = 7_200

# Half of a surrogate pair, from broken JSON; a text with it cannot be encoded as UTF-8.
_SURROGATE = re.compile("[\ud800-\udfff]")

type Event = Mapping[str, Any]
type Answer = dict[str, Any]


class _RefusedError(Exception):
    """Raised for a request that is refused before any route; `code` is the error code."""

    def __init__(self, status: int, text: str, code: str = "INVALID_REQUEST") -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def serve(
    app: APIGatewayRestResolver,
    event: Event,
    context: LambdaContext,
    *,
    origins: Sequence[str],
    deadline: Deadline,
) -> Answer:
    """Returns the response to one request of API Gateway's proxy integration, before API Gateway times out.

    Headers that the route sets are kept. `origins` are the origins whose pages may read the response, and
    `deadline` is what limits the route's calls to AWS.
    """
    event = {**event, "path": _route_path(event)}
    if event["httpMethod"] == "OPTIONS":
        answer: Answer = _plain(Response(204, body="")) | _ALLOW
    else:
        answer = _resolve(app, event, context, deadline)
    if event["httpMethod"] == "HEAD":
        answer |= {"body": "", "isBase64Encoded": False}
    return _with_headers(answer, event, origins)


_ALLOW: Answer = {"multiValueHeaders": {"Allow": [f"{ALLOWED_METHODS}, OPTIONS"]}}


def _resolve(app: APIGatewayRestResolver, event: Event, context: LambdaContext, deadline: Deadline) -> Answer:
    try:
        _check_address(event["path"], event.get("multiValueQueryStringParameters") or {})
        decoded = _with_decoded_body(app, _without_ignored_body(app, event))
    except _RefusedError as error:
        request_id = event["requestContext"]["requestId"]
        return _plain(error_answer(error.status, error.code, str(error), request_id))
    with deadline.within(clients.ANSWER_S):
        return app.resolve({**decoded, "httpMethod": _method(event)}, context)


def _route_path(event: Event) -> str:
    """Returns the path without the base path that a custom domain puts before it."""
    values = event.get("pathParameters") or {}
    template = event.get("resource") or ""
    route = re.sub(r"{(\w+)\+?}", lambda match: values.get(match[1], match[0]), template)
    path: str = event["path"]
    return route if route and (route == "/" or path.rstrip("/").endswith(route)) else path


def _method(event: Event) -> str:
    """Returns the method whose route answers the request: GET for HEAD."""
    method: str = event["httpMethod"]
    return "GET" if method == "HEAD" else method


def _plain(answer: Response[str]) -> Answer:
    headers = {name: [str(value)] for name, value in answer.headers.items()}
    return {
        "statusCode": answer.status_code,
        "body": answer.body,
        "isBase64Encoded": False,
        "multiValueHeaders": headers,
    }


def _check_address(path: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Raises _RefusedError if the path or a parameter exceeds a limit or is not valid text."""
    values = [value for group in parameters.values() for value in group]
    if len(path) > MAX_PATH:
        raise _RefusedError(414, f"the path is longer than {MAX_PATH} characters")
    if len(parameters) > MAX_PARAMETERS:
        raise _RefusedError(400, f"the request has more than {MAX_PARAMETERS} parameters")
    if any(len(name) > MAX_PARAMETER_NAME for name in parameters):
        raise _RefusedError(400, f"a parameter name is longer than {MAX_PARAMETER_NAME} characters")
    if any(len(value) > MAX_VALUE for value in values):
        raise _RefusedError(400, f"a parameter value is longer than {MAX_VALUE} characters")
    # A value may be a point name, which may have any character.
    if any("\0" in text for text in (path, *parameters)):
        raise _RefusedError(400, "the path or a parameter name contains a NUL character")
    if any(_SURROGATE.search(text) for text in (path, *parameters, *values)):
        raise _RefusedError(400, "the path or a parameter is not valid Unicode")


def _without_ignored_body(app: APIGatewayRestResolver, event: Event) -> Event:
    """Returns the event without a body that its route ignores, which is then not parsed."""
    ignored = event.get("body") and ignores_input(app, _method(event), event["path"])
    return {**event, "body": None} if ignored else event


def _with_decoded_body(app: APIGatewayRestResolver, event: Event) -> Event:
    """Returns the event with its body as text; raises _RefusedError if the body is not JSON or too large."""
    body = event.get("body") or ""
    if not body:
        return event
    data = _body_bytes(body, encoded=bool(event.get("isBase64Encoded")))
    if takes_any_body(app, _method(event), event["path"]):
        return {**event, "body": _text(data), "isBase64Encoded": False}
    if _media_type(event) not in ("", "application/json"):
        raise _RefusedError(415, "the request body must be JSON; send Content-Type: application/json")
    _check_json(data)
    return {**event, "body": data.decode(), "isBase64Encoded": False, "headers": _as_json(event)}


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _RefusedError(400, "the request body is not valid UTF-8") from None


def _check_json(data: bytes) -> None:
    """Raises _RefusedError for a body that is not JSON, or has a key whose first value would be lost."""
    try:
        orjson.loads(data)
        # Only Python's parser shows repeated keys.
        json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise _RefusedError(400, "the request body is not valid JSON") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise _RefusedError(400, f"the request body has the key {name[:MAX_PARAMETER_NAME]!r} twice")
        content[name] = value
    return content


def _body_bytes(body: str, *, encoded: bool) -> bytes:
    too_large = f"the request body is larger than {MAX_BODY_BYTES} bytes"
    # Checked before decoding, so that a large body is not copied. A character has at least one byte.
    if len(body) > 2 * MAX_BODY_BYTES:
        raise _RefusedError(413, too_large, "TOO_LARGE")
    try:
        data = base64.b64decode(body, validate=True) if encoded else body.encode(errors="surrogatepass")
    except ValueError:
        raise _RefusedError(400, "the request body is not valid base64") from None
    if len(data) > MAX_BODY_BYTES:
        raise _RefusedError(413, too_large, "TOO_LARGE")
    return data


def _as_json(event: Event) -> dict[str, str]:
    """Returns the headers with the Content-Type that the router compares, which is case-sensitive."""
    others = {k: v for k, v in (event.get("headers") or {}).items() if k.lower() != "content-type"}
    return others | {"Content-Type": "application/json"}


def _media_type(event: Event) -> str:
    return _header(event, "content-type").partition(";")[0].strip().lower()


def _header(event: Event, name: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _with_headers(answer: Answer, event: Event, origins: Sequence[str]) -> Answer:
    """Returns the answer with the security and CORS headers added."""
    headers: dict[str, list[str]] = answer["multiValueHeaders"]
    present = {name.lower() for name in headers}
    security = {name: [value] for name, value in SECURITY_HEADERS.items() if name.lower() not in present}
    return answer | {"multiValueHeaders": headers | security | _cors(headers, event, origins)}


def _cors(headers: Mapping[str, list[str]], event: Event, origins: Sequence[str]) -> dict[str, list[str]]:
    if not origins:
        return {}
    # A cache must not serve the response of one origin to another.
    cors = {"Vary": [", ".join(dict.fromkeys([*headers.get("Vary", []), "Origin"]))]}
    origin = _header(event, "origin")
    if origin not in origins:
        return cors
    cors["Access-Control-Allow-Origin"] = [origin]
    if event["httpMethod"] == "OPTIONS":
        cors["Access-Control-Allow-Methods"] = [ALLOWED_METHODS]
        cors["Access-Control-Allow-Headers"] = [ALLOWED_HEADERS]
        cors["Access-Control-Max-Age"] = [str(_PREFLIGHT_S)]
    else:
        exposed = [*EXPOSED_HEADERS, *(name for name in headers if name.lower().startswith(_API_PREFIX))]
        cors["Access-Control-Expose-Headers"] = [", ".join(exposed)]
    return cors
