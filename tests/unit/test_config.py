from typing import Any

import pytest

from tests.support.template import template
from vitals import config
from vitals.errors import ConfigError

GOOD = {
    "STATE_TABLE": "state",
    "HOT_TABLE": "hot",
    "SYNC_QUEUE_URL": "https://queue",
    "ACE_API_URL": "https://ace.example/api/",
    "ACE_SECRET_NAME": "ace",
    "SITES": "one, two",
}


def test_etl_settings_with_defaults() -> None:
    settings = config.load(config.EtlSettings, GOOD)
    assert settings.sites == ("one", "two")
    assert settings.ace_api_url == "https://ace.example/api"
    assert settings.initial_lookback_ms == 24 * 3_600_000
    assert settings.requests_per_minute == 50


def test_every_problem_is_named_at_once() -> None:
    broken = GOOD | {
        "SITES": "../x",
        "INITIAL_LOOKBACK_HOURS": "soon",
        "ACE_API_URL": "ftp://x",
        "HOT_TABLE": " ",
    }
    with pytest.raises(ConfigError) as caught:
        config.load(config.EtlSettings, broken)
    for name in ("SITES", "INITIAL_LOOKBACK_HOURS", "ACE_API_URL", "HOT_TABLE"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "kind",
    [
        config.EtlSettings,
        config.QuerySettings,
        config.ArchivalSettings,
        config.BackfillSettings,
        config.BackfillApiSettings,
        config.ExportSettings,
        config.ExportApiSettings,
        config.AuthorizerSettings,
        config.AdminSettings,
    ],
)
def test_an_empty_environment_is_an_error(kind: type) -> None:
    with pytest.raises(ConfigError, match="STATE_TABLE is missing"):
        config.load(kind, {})


def test_glue_names_must_be_sql_identifiers() -> None:
    environ = GOOD | {
        "COLD_BUCKET": "cold",
        "GLUE_DATABASE": "building_vitals",
        "GLUE_TABLE": "samples",
        "ATHENA_WORKGROUP": "building-vitals",
        "SYNC_DEAD_LETTERS_URL": "https://queue/sync",
        "ARCHIVE_DEAD_LETTERS_URL": "https://queue/archive",
        "EXPORT_DEAD_LETTERS_URL": "https://queue/export",
    }
    assert config.load(config.QuerySettings, environ).glue_database == "building_vitals"
    with pytest.raises(ConfigError, match="GLUE_TABLE must be an SQL identifier"):
        config.load(config.QuerySettings, environ | {"GLUE_TABLE": 'samples" --'})


def test_origins_are_a_list() -> None:
    assert config.load(config.HttpSettings, {}).allowed_origins == ()
    environ = {"ALLOWED_ORIGINS": "https://charts.example.com, http://localhost:3000"}
    assert config.load(config.HttpSettings, environ).allowed_origins == (
        "https://charts.example.com",
        "http://localhost:3000",
    )


@pytest.mark.parametrize(
    "origins", ["*", "https://*.example.com", "charts.example.com", "https://a/", "null", "https://a,*"]
)
def test_invalid_origin_is_refused(origins: str) -> None:
    with pytest.raises(ConfigError, match="ALLOWED_ORIGINS must be a comma-separated list of origins"):
        config.load(config.HttpSettings, {"ALLOWED_ORIGINS": origins})


def template_variables() -> dict[str, dict[str, Any]]:
    """Returns the parameter of each environment variable that refers to one."""
    parameters = template()["Parameters"]
    return {
        name: parameters[value["Ref"]]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for name, value in resource["Properties"].get("Environment", {}).get("Variables", {}).items()
        if isinstance(value, dict) and value.get("Ref") in parameters
    }


def test_bounds_and_defaults_equal_the_templates() -> None:
    kinds = [kind for name, kind in vars(config).items() if name.endswith("Settings")]
    variables = {variable.name: variable for kind in kinds for variable in config.variables(kind).values()}
    compared = set()
    for name, parameter in template_variables().items():
        if "Default" in parameter and variables[name].default is not None:
            assert str(parameter["Default"]) == variables[name].default, name
        parse = variables[name].parse
        if isinstance(parse, config.Whole):
            assert (parameter["MinValue"], parameter["MaxValue"]) == (parse.low, parse.high), name
            compared.add(name)
    assert compared == {name for name, v in variables.items() if isinstance(v.parse, config.Whole)}
