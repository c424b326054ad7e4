"""The client finds the API address and the token."""

import json
from pathlib import Path

import pytest

from vitals_client import Client, SetupError
from vitals_client.discovery import api_and_token

BOTH = {"VITALS_API": "https://api.example.com/v1/", "VITALS_TOKEN": "vitals_x"}


def stack(folder: Path, api: str = "http://127.0.0.1:4566/v1") -> None:
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text(json.dumps({"api": api, "token": "stack-token", "unknown": 1}))


def test_arguments_precede_the_environment_and_the_stack(tmp_path: Path) -> None:
    stack(tmp_path / ".local")
    assert api_and_token("http://a/", "t", BOTH, tmp_path) == ("http://a", "t")
    assert api_and_token(None, None, BOTH, tmp_path) == ("https://api.example.com/v1", "vitals_x")
    assert api_and_token(None, None, {}, tmp_path) == ("http://127.0.0.1:4566/v1", "stack-token")


def test_the_nearest_stack_is_found(tmp_path: Path) -> None:
    stack(tmp_path / ".local", "http://far")
    stack(tmp_path / "a" / ".local", "http://near")
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert api_and_token(environ={}, folder=tmp_path / "a/b/c")[0] == "http://near"
    assert api_and_token(environ={}, folder=tmp_path)[0] == "http://far"


@pytest.mark.parametrize("absolute", [True, False])
def test_vitals_home_names_the_stack_files_folder(tmp_path: Path, absolute: bool) -> None:
    stack(tmp_path / "elsewhere")
    home = str(tmp_path / "elsewhere") if absolute else "elsewhere"
    assert api_and_token(environ={"VITALS_HOME": home}, folder=tmp_path)[1] == "stack-token"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "no API is configured; set VITALS_API"),
        ({"VITALS_API": "http://a"}, "set both VITALS_API and VITALS_TOKEN"),
        ({"VITALS_TOKEN": "t"}, "set both VITALS_API and VITALS_TOKEN"),
        ({"VITALS_API": "api.example.com", "VITALS_TOKEN": "t"}, "must look like https://host/v1"),
        ({"VITALS_API": "https://", "VITALS_TOKEN": "t"}, "must look like https://host/v1"),
        ({"VITALS_API": "http://[", "VITALS_TOKEN": "t"}, "must look like https://host/v1"),
        ({"VITALS_API": "http://a:99999", "VITALS_TOKEN": "t"}, "must look like https://host/v1"),
        ({"VITALS_API": "http://a", "VITALS_TOKEN": "two words"}, "printable ASCII without spaces"),
        ({"VITALS_API": "http://a", "VITALS_TOKEN": "line\nend"}, "printable ASCII without spaces"),
    ],
)
def test_missing_and_invalid_settings_are_named(
    tmp_path: Path, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SetupError, match=message):
        api_and_token(environ=environ, folder=tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"api": "http://a"}'])
def test_an_invalid_stack_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(text)
    with pytest.raises(SetupError, match=r"\.local/stack\.json is not a valid stack file"):
        api_and_token(environ={}, folder=tmp_path)


def test_a_client_takes_api_and_token_or_neither() -> None:
    with pytest.raises(SetupError, match="pass both api and token, or neither"):
        Client("http://a")
    with Client("http://a/", "secret") as client:
        assert client.api == "http://a"
        assert "secret" not in repr(client) + repr(vars(client))
