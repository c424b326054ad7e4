"""`vitals point`, and the settings that it changes, on moto."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from operations import stacks
from operations.points import command
from operations.stacks import Stack
from vitals.model.point_settings import PointSettings
from vitals.model.points import ListedPoint
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.changes import ChangeTable
from vitals.store.state.sites import SiteTable

IDENTITY = "user/ada"
ARN = f"arn:aws:iam::123456789012:{IDENTITY}"
type Run = Callable[..., tuple[int, str, str]]


class Identity:
    """STS, which may have no credentials."""

    def __init__(self) -> None:
        self.has_credentials = True

    def get_caller_identity(self) -> dict[str, str]:
        if not self.has_credentials:
            raise NoCredentialsError
        return {"Arn": ARN}


@pytest.fixture
def identity() -> Identity:
    return Identity()


@pytest.fixture
def catalogs(dynamodb: Any) -> CatalogTable:
    table = CatalogTable(dynamodb, "StateTable")
    table.refresh("mill", [ListedPoint("fan", "", object_type="AV"), ListedPoint("meter", "kWh")])
    SiteTable(dynamodb, "StateTable").record_catalog("mill", "The Mill", 2, None)
    return table


@pytest.fixture
def run(dynamodb: Any, identity: Identity, catalogs: CatalogTable, monkeypatch: pytest.MonkeyPatch) -> Run:
    stack = Stack({"StateTable": "StateTable"}, {"dynamodb": dynamodb, "sts": identity}.__getitem__)
    monkeypatch.setattr(stacks, "local", lambda: stack)

    def run(*arguments: str, site: str = "mill") -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = command.main([*arguments, "--site", site])
        return code, out.getvalue(), err.getvalue()

    return run


def settings(catalogs: CatalogTable, name: str) -> PointSettings:
    return catalogs.load("mill").by_name[name].settings


def changes(dynamodb: Any) -> list[tuple[str, str, str, Any, Any]]:
    recorded = ChangeTable(dynamodb, "StateTable").newest("mill", 10)
    return [(r.who, r.change.subject, r.change.what, r.change.before, r.change.after) for r in recorded]


def test_settings_are_set_cleared_and_recorded(run: Run, catalogs: CatalogTable, dynamodb: Any) -> None:
    code, out, err = run("set", "fan", "--kind", "binary", "--states", "Run=1,off = 0")
    assert (code, out) == (0, "")
    assert err.startswith("fan is set: kind binary, states Run=1,off=0\nreadings from now on")
    assert settings(catalogs, "fan") == PointSettings("binary", None, {"Run": 1.0, "off": 0.0})
    assert run("set", "meter", "--rollover", "999999")[0] == 0
    assert run("set", "fan", "meter", "--clear", "kind", "--clear", "states")[0] == 0
    assert settings(catalogs, "fan") == PointSettings()
    assert settings(catalogs, "meter") == PointSettings(rollover=999_999.0)
    assert sorted(changes(dynamodb), key=str) == sorted(
        [
            (IDENTITY, "fan", "kind", None, "binary"),
            (IDENTITY, "fan", "states", None, {"Run": 1.0, "off": 0.0}),
            (IDENTITY, "meter", "rollover", None, 999_999.0),
            (IDENTITY, "fan", "kind", "binary", None),
            (IDENTITY, "fan", "states", {"Run": 1.0, "off": 0.0}, None),
        ],
        key=str,
    )


def test_states_may_be_a_file(run: Run, catalogs: CatalogTable, tmp_path: Path) -> None:
    file = tmp_path / "states.json"
    file.write_text(json.dumps({"Größe A, B": 2, "heat": 1.5}))
    code, out, _ = run("set", "fan", "--states", str(file), "--json")
    assert code == 0
    described = {"point_name": "fan", "kind": "analog", "kind_set": False}
    assert json.loads(out) == {"points": [described | {"states": {"Größe A, B": 2.0, "heat": 1.5}}]}


def test_the_list_has_points_with_settings(run: Run) -> None:
    run("set", "meter", "--rollover", "999999")
    code, out, _ = run("list")
    assert (code, [line.split() for line in out.splitlines()]) == (
        0,
        [["point", "kind", "rollover", "states"], ["meter", "counter", "(derived)", "999999"]],
    )
    described = {"point_name": "meter", "kind": "counter", "kind_set": False, "rollover": 999_999.0}
    assert json.loads(run("list", "--json")[1]) == {"points": [described]}


def test_changes_without_an_identity_name_the_command(run: Run, identity: Identity, dynamodb: Any) -> None:
    identity.has_credentials = False
    assert run("set", "fan", "--kind", "binary")[0] == 0
    assert changes(dynamodb) == [("operator", "fan", "kind", None, "binary")]


def test_a_file_repeats_no_state(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "states.json"
    file.write_text('{"on": 1, "on": 0}')
    code, out, err = run("set", "fan", "--states", str(file))
    assert (code, out) == (1, "")
    assert err == "error: the state 'on' is repeated; give each state one number\n"


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["set", "fan", "--kind", "binary"]])
def test_an_unknown_site_is_an_error(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments, site="typo")
    assert (code, out) == (1, "")
    assert err == "error: there is no site 'typo'; `vitals site list` lists them\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["fan"], "give --kind, --rollover, --states or --clear"),
        (["fan", "--kind", "binary", "--clear", "kind"], "give --kind or --clear kind, not both"),
        (["fan", "--rollover", "0"], "rollover must be a finite number greater than 0"),
        (["fan", "--rollover", "nan"], "rollover must be a finite number greater than 0"),
        (["fan", "--states", "on=1,off"], "'off' is not a state and its number, as in on=1,off=0"),
        (["fan", "--states", "on=1,off=2,on=0"], "the state 'on' is repeated; give each state one number"),
        (["fan", "--states", "On=1,on=0"], "states must differ in more than case and outer spaces"),
        (["fan", "--states", "7=1"], "the text of a state must not be a number: '7'"),
        (["fan", "--states", "nowhere.json"], "nowhere.json cannot be read: No such file or directory"),
        (["fan", "--states", __file__], 'is not JSON, as in {"on": 1, "off": 0}'),
        (["fan", "pump", "--kind", "binary"], "the site has no point 'pump'"),
    ],
)
def test_invalid_settings_change_nothing(
    run: Run, catalogs: CatalogTable, arguments: list[str], text: str
) -> None:
    code, out, err = run("set", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.endswith(f"{text}\n")
    assert not any(point.settings for point in catalogs.load("mill").points)
