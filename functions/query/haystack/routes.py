"""The routes of Project Haystack's API; they follow its specification instead of the rules of the others."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from query.answers import Api
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.http.access import granted
from vitals.http.responses import accepted, answer, error_answer
from vitals.http.strict import checks_its_input
from vitals.model.haystack.values import Grid

router = APIGatewayRouter()

_FORMATS = (
    "the grid must be text/zinc, application/vnd.haystack+json or application/json; JSON of version 3 is not"
    " supported"
)

_OPERATIONS = "about, ops, filetypes, formats, read, nav, hisRead, close"
Operation = Annotated[str, Path(max_length=40, description=_OPERATIONS)]


@router.get("/haystack/<op>", summary="Project Haystack: an operation with its arguments as parameters")
@checks_its_input
def haystack(op: Operation) -> Response[Any]:
    return _answer(op)


@router.post("/haystack/<op>", summary="Project Haystack: an operation with a grid as Zinc or JSON")
@checks_its_input
def haystack_by_post(op: Operation) -> Response[Any]:
    return _answer(op)


def _answer(name: str) -> Response[Any]:
    """Returns the answer of an operation; its errors are grids with status 200."""
    # Only Haystack clients need these, so that other cold starts do not import them.
    from query.haystack import formats, operations, requests

    event = router.current_event
    media_type = formats.negotiated(accepted(event))
    grant = granted(event)
    if name not in operations.NAMES:
        names = ", ".join(operations.NAMES)
        raise NotFoundError(f"there is no operation {name!r}; the operations are {names}")
    request, content_type = Grid([]), event.headers.get("Content-Type") or ""
    if event.http_method == "POST" and event.body:
        if not requests.is_readable(content_type):
            return error_answer(415, "INVALID_REQUEST", _FORMATS, event.request_context.request_id)
        request = requests.grid_of_body(event.body, content_type)
    elif event.http_method == "GET":
        request = requests.grid_of_parameters(event.resolved_query_string_parameters)
    api: Api = router.context["connect"]()
    work = operations.Operations(api, api.haystack, grant)
    try:
        text = formats.encoded(work.run(name, request), media_type)
    except (InvalidRequestError, NotFoundError, TooLargeError) as error:
        text = formats.encoded(operations.error_grid(str(error)), media_type)
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Encoding, Authorization"}
    return answer(text, f"{media_type}; charset=utf-8", headers=headers)
