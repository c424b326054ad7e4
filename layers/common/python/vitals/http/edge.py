"""The edge of the API, once for its functions: what a request must be, and what every answer carries."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitals.aws import clients
from vitals.http.responses import error_answer

# 500 names of 512 characters are 3,072,000 bytes where each is escaped as two of six bytes (\ud83c\udf21).
# Lambda takes 6 MB of event, in which a backslash is escaped once more.
MAX_BODY_BYTES = 3_200_000
# API Gateway takes 10,240 bytes of request line and headers; these hold wherever else the functions run.
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
ALLOWED_METHODS = "GET, HEAD, POST, DELETE"
EXPOSED_HEADERS = ("ETag", "Retry-After")
# Headers of ours, which a browser shows to a script only if each is named.
_OUR_PREFIX = "vitals-"
# The longest that Chrome keeps the answer to a preflight.
_PREFLIGHT_S = 7_200

# Of a pair in JSON that was cut in two; no text can be stored or answered with it.
_SURROGATE = re.compile("[\ud800-\udfff]")

type Event = Mapping[str, Any]
type Answer = dict[str, Any]


def serve(
    app: APIGatewayRestResolver, event: Event, context: LambdaContext, origins: Sequence[str]
) -> Answer:
    """Answers one request of API Gateway's proxy integration, within the time that API Gateway waits.

    A header that the route has set itself is left as it is. `origins` are those whose scripts may read.
    """
    event = {**event, "path": _own_path(event)}
    if event["httpMethod"] == "OPTIONS":
        answer: Answer = _plain(Response(204, body="")) | _ALLOW
    else:
        refusal, event = _checked(event)
        if refusal is None:
            with clients.deadline.within(clients.ANSWER_S):
                answer = app.resolve({**event, "httpMethod": _method(event)}, context)
        else:
            answer = _plain(refusal)
    if event["httpMethod"] == "HEAD":
        answer |= {"body": "", "isBase64Encoded": False}
    return _dressed(answer, event, origins)


_ALLOW: Answer = {"multiValueHeaders": {"Allow": [f"{ALLOWED_METHODS}, OPTIONS"]}}


def _own_path(event: Event) -> str:
    """The path as the API's routes have it: a custom domain puts the base path of its mapping before it."""
    given = event.get("pathParameters") or {}
    own = re.sub(r"{(\w+)\+?}", lambda found: given.get(found[1], found[0]), event.get("resource") or "")
    path: str = event["path"]
    return own if own and (own == "/" or path.rstrip("/").endswith(own)) else path


def _method(event: Event) -> str:
    """HEAD is what GET would answer, without its body."""
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


def _checked(event: Event) -> tuple[Response[str] | None, Event]:
    """The refusal of a request that no route could answer, and the request with its body as text."""

    def refusal(status: int, text: str, code: str = "INVALID_REQUEST") -> tuple[Response[str], Event]:
        return error_answer(status, code, text, event["requestContext"]["requestId"]), event

    if len(event["path"]) > MAX_PATH:
        return refusal(414, f"the path is longer than {MAX_PATH} characters")
    problem = _problem_of(event["path"], event.get("multiValueQueryStringParameters") or {})
    if problem:
        return refusal(400, problem)
    body = event.get("body") or ""
    if not body:
        return None, event
    # A character is at least a byte, so that a large body is not copied first.
    if len(body) > 2 * MAX_BODY_BYTES:
        return refusal(413, f"the body is larger than {MAX_BODY_BYTES} bytes", "TOO_LARGE")
    try:
        data = _bytes(body, encoded=bool(event.get("isBase64Encoded")))
    except ValueError:
        return refusal(400, "the body is not what its encoding says")
    if len(data) > MAX_BODY_BYTES:
        return refusal(413, f"the body is larger than {MAX_BODY_BYTES} bytes", "TOO_LARGE")
    if _media_type(event) not in ("", "application/json"):
        return refusal(415, "the body is JSON: send Content-Type: application/json")
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return refusal(400, "the body is no JSON")
    return None, {**event, "body": data.decode(), "isBase64Encoded": False, "headers": _as_json(event)}


def _as_json(event: Event) -> dict[str, str]:
    """The headers with the type as the router spells it, who takes case for part of it."""
    others = {k: v for k, v in (event.get("headers") or {}).items() if k.lower() != "content-type"}
    return others | {"Content-Type": "application/json"}


def _problem_of(path: str, parameters: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with the path or the parameters, empty when nothing is."""
    values = [value for given in parameters.values() for value in given]
    if len(parameters) > MAX_PARAMETERS:
        return f"there are more than {MAX_PARAMETERS} parameters"
    if any(len(name) > MAX_PARAMETER_NAME for name in parameters):
        return f"the name of a parameter is longer than {MAX_PARAMETER_NAME} characters"
    if any(len(value) > MAX_VALUE for value in values):
        return f"the value of a parameter is longer than {MAX_VALUE} characters"
    # A value may be the name of a point, in which any character may be.
    if any("\0" in text for text in (path, *parameters)):
        return "the path or the name of a parameter holds a NUL character"
    if any(_SURROGATE.search(text) for text in (path, *parameters, *values)):
        return "the path or a parameter is not valid Unicode"
    return ""


def _bytes(body: str, *, encoded: bool) -> bytes:
    return base64.b64decode(body, validate=True) if encoded else body.encode(errors="surrogatepass")


def _media_type(event: Event) -> str:
    return _header(event, "content-type").partition(";")[0].strip().lower()


def _header(event: Event, name: str) -> str:
    for given, value in (event.get("headers") or {}).items():
        if given.lower() == name:
            return str(value)
    return ""


def _dressed(answer: Answer, event: Event, origins: Sequence[str]) -> Answer:
    """The answer with the headers that all answers carry."""
    headers: dict[str, list[str]] = answer["multiValueHeaders"]
    known = {name.lower() for name in headers}
    added = {name: [value] for name, value in SECURITY_HEADERS.items() if name.lower() not in known} | _cors(
        headers, event, origins
    )
    return answer | {"multiValueHeaders": headers | added}


def _cors(headers: Mapping[str, list[str]], event: Event, origins: Sequence[str]) -> dict[str, list[str]]:
    if not origins:
        return {}
    # A cache must not give one origin's answer to another.
    found = {"Vary": [", ".join(dict.fromkeys([*headers.get("Vary", []), "Origin"]))]}
    origin = _header(event, "origin")
    if origin not in origins:
        return found
    found["Access-Control-Allow-Origin"] = [origin]
    if event["httpMethod"] == "OPTIONS":
        found["Access-Control-Allow-Methods"] = [ALLOWED_METHODS]
        found["Access-Control-Allow-Headers"] = [ALLOWED_HEADERS]
        found["Access-Control-Max-Age"] = [str(_PREFLIGHT_S)]
        return found
    ours = [name for name in headers if name.lower().startswith(_OUR_PREFIX)]
    found["Access-Control-Expose-Headers"] = [", ".join([*EXPOSED_HEADERS, *ours])]
    return found
