"""Whatever /openapi.json allows or forbids is answered as it says: requests that a machine thinks of."""

import time
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from local.stack.processes import wait_until
from tests.support import openapi
from tests.support.local_stack import ROOT
from vitals.model.timespan import DAY_MS, iso

pytestmark = pytest.mark.integration

ASSETS = ROOT / "functions" / "query" / "web" / "assets"
SCHEMA = schemathesis.openapi.from_dict(openapi.document())
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}
EXAMPLES = 16
# Its name may be any text.
NOTHING_FORBIDDEN = {"GET /assets/{file}"}
# A query takes one of them.
SIZES = {"width": 100, "interval_ms": 3_600_000, "max_points": 100}
# Each makes records, files and work.
FEW = {"POST /exports": 3}
load_all_checks()
CONFORMS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
REJECTS = CHECKS.get_by_names(["negative_data_rejection"])


def takes_something(label: str) -> bool:
    method, path = label.split(" ")
    operation = openapi.document()["paths"][path][method.lower()]
    return "parameters" in operation or "requestBody" in operation


@pytest.fixture(scope="module")
def caller(stack: dict[str, Any]) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {stack['token']}"
    return session


@pytest.fixture(scope="module")
def valid_values(stack: dict[str, Any], caller: requests.Session) -> dict[str, Any]:
    """What a request must name to be answered with data."""
    [site] = caller.get(f"{stack['api']}/sites", timeout=40).json()["sites"]
    name = site["site_name"]
    points = caller.get(f"{stack['api']}/sites/{name}/points?limit=3", timeout=40).json()["points"]
    return {
        "site": name,
        "site_name": name,
        "point_names": [point["point_name"] for point in points],
        "start_time": site["synced_from"],
        "end_time": site["synced_until"],
        "start": site["synced_from"],
        "end": site["synced_until"],
        "start_date": site["synced_from"][:10],
        "end_date": site["synced_until"][:10],
        # Settings as they are, because other tests use the site.
        "timezone": site["timezone"],
        "units": site["units"],
        "holidays": site["holidays"],
        "name": "contract",
        "view": "range=7d",
        "resolution": "auto",
        "week_start": "monday",
        "measure": "count",
        "fill": "null",
        "hours": "06:00-18:00",
        "days": "mon-fri",
        "exclude": "bad",
        "op": "about",
        "reason": "contract",
        "points": {points[0]["point_name"]: {"rollover": None}},
        "file": next(ASSETS.glob("*.js")).name,
    }


@pytest.fixture(scope="module")
def ids(stack: dict[str, Any], caller: requests.Session, valid_values: dict[str, Any]) -> dict[str, str]:
    """A backfill that has ended, an export and a flag, each of little."""
    long_ago = iso(time.time_ns() // 1_000_000 - 60 * DAY_MS)[:10]
    days = {"site_name": valid_values["site"], "start_date": long_ago, "end_date": long_ago}
    run = caller.post(f"{stack['api']}/backfill/start", json=days, timeout=40).json()["id"]

    def ended() -> bool:
        run_status = caller.get(f"{stack['api']}/backfill/{run}", timeout=40).json()
        return bool(run_status["status"] != "running")

    assert wait_until(ended, 120)
    request = {name: valid_values[name] for name in ("site_name", "start_time", "end_time")}
    export = caller.post(f"{stack['api']}/exports", json=request, timeout=40).json()["id"]
    flag = {name: valid_values[name] for name in ("point_names", "start_time", "end_time", "reason")}
    flags = f"{stack['api']}/sites/{valid_values['site']}/flags"
    flag_id = caller.post(flags, json=flag, timeout=40).json()["flag_id"]
    return {"run_id": run, "export_id": export, "flag_id": flag_id}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (label, kind)
        # What is deleted is asked for first.
        for label in sorted(OPERATIONS, key=lambda label: label.startswith("DELETE"))
        for kind in ("allowed", "sensible", "forbidden")
        if kind == "allowed" or takes_something(label)
        if kind != "forbidden" or label not in NOTHING_FORBIDDEN
    ],
)
def test_answers_are_as_described(
    stack: dict[str, Any],
    caller: requests.Session,
    valid_values: dict[str, Any],
    ids: dict[str, str],
    label: str,
    kind: str,
) -> None:
    operation = OPERATIONS[label]
    mode = GenerationMode.NEGATIVE if kind == "forbidden" else GenerationMode.POSITIVE

    @given(operation.as_strategy(mode))
    @settings(
        max_examples=FEW.get(label, EXAMPLES),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        if kind == "sensible":
            make_sensible(case, valid_values | ids)
        if label == "POST /backfill/start" and isinstance(case.body, dict):
            case.body["dry_run"] = True
        answer = case.call(base_url=stack["api"], session=caller, timeout=40)
        statuses.add(answer.status_code)
        assert answer.status_code != 429, "the test is too fast for its token"
        # A request line that is too long is refused by the web server, before the API.
        assume(answer.status_code != 431)
        case.validate_response(answer, checks=CONFORMS + REJECTS * (kind == "forbidden"))

    statuses: set[int] = set()
    ask()
    if kind == "sensible":
        assert statuses & {200, 202}


def make_sensible(case: Case, valid_values: dict[str, Any]) -> None:
    """Puts what exists in the place of what was made up."""
    for parameters in (case.path_parameters, case.query, case.body):
        if isinstance(parameters, dict):
            parameters |= {name: value for name, value in valid_values.items() if name in parameters}
            parameters.pop("next_token", None)
            sizes = [name for name in SIZES if name in parameters]
            for name in sizes[1:]:
                del parameters[name]
            parameters |= {name: SIZES[name] for name in sizes[:1]}
            unfit = set()
            if sizes or "method" in parameters:
                # None of these has a chart.
                unfit |= {"measure", "form", "hours", "days"}
            if "point_names" in parameters:
                unfit.add("tag")
            if "form" in unfit or parameters.get("form") != "table":
                unfit.add("fill")
            for name in unfit:
                parameters.pop(name, None)
