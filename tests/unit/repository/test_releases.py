"""How template.yaml and samconfig.toml release a version, and what they protect at first and last."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from operations.errors import OperatorError
from operations.release import architecture, complete, overrides, samconfig, stamp
from tests.support.template import ROOT, template

DOCUMENT = template()
RESOURCES: dict[str, Any] = DOCUMENT["Resources"]
PARAMETERS = DOCUMENT["Parameters"]
FUNCTIONS = {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
CONFIG = samconfig()
STAGES = {name: stage for name, stage in CONFIG.items() if isinstance(stage, dict)}


def behind_the_api(name: str) -> bool:
    events = FUNCTIONS[name].get("Events", {}).values()
    return name == "AuthorizerFunction" or any(event["Type"] == "Api" for event in events)


def test_every_function_is_invoked_by_its_alias() -> None:
    settings = DOCUMENT["Globals"]["Function"]
    assert (settings["AutoPublishAlias"], settings["AutoPublishAliasAllProperties"]) == ("live", True)
    # With SnapStart an old version would be charged for ever.
    assert settings["VersionDeletionPolicy"] == "Delete"
    # Else a release of a layer alone would not reach the alias.
    for name in ("CommonLayer", "AthenaLayer"):
        assert RESOURCES[name]["Properties"]["PublishLambdaVersion"] is True
    others = {name: r for name, r in RESOURCES.items() if name not in FUNCTIONS}
    # Metrics name the function, whatever its version.
    invoking = [r for r in others.values() if not r["Type"].startswith("AWS::CloudWatch::")]
    for function in FUNCTIONS:
        assert f'"GetAtt": "{function}.Arn"' not in json.dumps(invoking)
        assert f'"Ref": "{function}"' not in json.dumps(invoking)


def test_functions_that_query_athena_have_its_layer() -> None:
    assert DOCUMENT["Globals"]["Function"]["Layers"] == [{"Ref": "CommonLayer"}]
    querying = {name for name in FUNCTIONS if "athena:StartQueryExecution" in json.dumps(FUNCTIONS[name])}
    layered = {name for name in FUNCTIONS if FUNCTIONS[name].get("Layers") == [{"Ref": "AthenaLayer"}]}
    assert querying == layered == {"ExportFunction", "QueryFunction"}


def test_backfills_and_authorisation_use_the_alias() -> None:
    machine = RESOURCES["BackfillStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert machine["BackfillFunctionArn"] == {"Ref": "BackfillFunction.Alias"}
    role = RESOURCES["BackfillStateMachineRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert role["Statement"][0]["Resource"] == {"Ref": "BackfillFunction.Alias"}
    authorizer = RESOURCES["Api"]["Properties"]["Auth"]["Authorizers"]["BearerToken"]
    assert authorizer["FunctionArn"] == {"Ref": "AuthorizerFunction.Alias"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_api_functions_are_released_gradually(name: str) -> None:
    preference = FUNCTIONS[name].get("DeploymentPreference")
    if not behind_the_api(name):
        assert preference is None
        return
    assert preference["Enabled"] == {"Ref": "GradualDeployment"}
    assert preference["Alarms"]
    assert all(RESOURCES[alarm["Ref"]]["Type"] == "AWS::CloudWatch::Alarm" for alarm in preference["Alarms"])
    assert PARAMETERS["GradualDeployment"]["Default"] == "true"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_only_api_functions_have_snapshots(name: str) -> None:
    assert ("SnapStart" in FUNCTIONS[name]) == behind_the_api(name)
    assert PARAMETERS["SnapStart"]["Default"] == "off"


def test_error_responses_are_always_deployed() -> None:
    assert RESOURCES["Api"]["Properties"]["AlwaysDeploy"] is True


def test_only_failed_creations_remove_the_stores() -> None:
    retained = {
        n: r["DeletionPolicy"] for n, r in RESOURCES.items() if r.get("UpdateReplacePolicy") == "Retain"
    }
    assert set(retained) >= {"StateTable", "HotTable", "ColdBucket"}
    assert set(retained.values()) == {"RetainExceptOnCreate"}


def test_account_role_of_others_is_kept() -> None:
    for name in ("ApiGatewayAccount", "ApiLogRole"):
        assert RESOURCES[name]["Condition"] == "CreateAccountRole"
    assert PARAMETERS["ApiGatewayAccountRole"]["AllowedValues"] == ["create", "keep"]


def schedules() -> dict[str, Any]:
    return {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::Scheduler::Schedule"}


def test_schedules_wait_for_the_key() -> None:
    assert len(schedules()) >= 2
    for schedule in schedules().values():
        assert schedule["State"] == {"If": ["SchedulesOn", "ENABLED", "DISABLED"]}
    assert PARAMETERS["Schedules"]["Default"] == "off"


def test_syncs_and_archiving_stop_with_the_schedules() -> None:
    mappings = {
        n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    writing = {"SyncQueue": "EtlFunction", "ArchiveQueue": "ArchivalFunction"}
    stopped = {
        mapping["EventSourceArn"]["GetAtt"].removesuffix(".Arn"): mapping["FunctionName"]["Ref"].removesuffix(
            ".Alias"
        )
        for mapping in mappings.values()
        if mapping.get("Enabled") == {"If": ["SchedulesOn", True, False]}
    }
    assert stopped == writing
    # Exports only read samples.
    assert all("Enabled" not in mapping for name, mapping in mappings.items() if "Export" in name)
    assert len(mappings) == 4
    # Messages outlive a restore.
    for queue in writing:
        assert RESOURCES[queue]["Properties"]["MessageRetentionPeriod"] >= 4 * 86_400


def test_schedules_have_dead_letters_of_their_own() -> None:
    queues = {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"}
    redriven = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["GetAtt"]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    for schedule in schedules().values():
        target = schedule["Target"]["DeadLetterConfig"]["Arn"]["GetAtt"]
        assert target.removesuffix(".Arn") in queues
        assert target not in redriven


def test_throttled_deliveries_do_not_exhaust_a_message() -> None:
    mappings = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert len(mappings) >= 4
    for mapping in mappings:
        queue = RESOURCES[mapping["EventSourceArn"]["GetAtt"].removesuffix(".Arn")]["Properties"]
        function = FUNCTIONS[mapping["FunctionName"]["Ref"].removesuffix(".Alias")]
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
        assert queue["VisibilityTimeout"] >= 2 * function["Timeout"]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://flightdeck.aceiot.cloud/api", True),
        ("https://ace.example.com", True),
        ("http://127.0.0.1:4567/api", True),
        ("http://localhost:4567", True),
        ("http://flightdeck.aceiot.cloud/api", False),
        ("http://localhost.example.com/api", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("https://ace.example.com/", False),
        ("https://ace.example.com/a b", False),
        ("ftp://ace.example.com", False),
    ],
)
def test_upstream_is_https_outside_this_machine(url: str, fits: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["AceApiUrl"]["AllowedPattern"], url)) == fits


def test_every_stage_has_a_stack_of_its_own() -> None:
    names = {stage["global"]["parameters"]["stack_name"] for stage in STAGES.values()}
    assert set(STAGES) == {"default", "staging", "prod"}
    assert len(names) == len(STAGES)


def test_plain_deploy_keeps_the_role_of_the_account() -> None:
    assert "ApiGatewayAccountRole=keep" in overrides(CONFIG, "default")


@pytest.mark.parametrize("name", sorted(STAGES))
def test_no_stage_names_a_bucket_for_code(name: str) -> None:
    parameters = STAGES[name]["deploy"]["parameters"]
    # Whoever creates a bucket with a name that is known first receives the code.
    assert "s3_bucket" not in parameters
    assert parameters["resolve_s3"] is True


@pytest.mark.parametrize(("name", "stage"), [("default", "local"), ("staging", "staging"), ("prod", "prod")])
def test_stage_parameters_name_its_stage(name: str, stage: str) -> None:
    overrides = STAGES[name]["deploy"]["parameters"]["parameter_overrides"].split()
    assert f"Stage={stage}" in overrides
    assert {override.partition("=")[0] for override in overrides} <= set(PARAMETERS)


def test_layer_is_built_for_the_deployed_processors() -> None:
    for name in STAGES:
        assert architecture(complete(overrides(CONFIG, name))) in PARAMETERS["Architecture"]["AllowedValues"]
    assert architecture(complete(overrides(CONFIG, "default"))) == PARAMETERS["Architecture"]["Default"]
    with pytest.raises(OperatorError, match="no stage 'production'"):
        overrides(CONFIG, "production")


def test_deploy_passes_every_parameter() -> None:
    stage = overrides(CONFIG, "prod")
    passed = dict(parameter.split("=", 1) for parameter in complete(stage))
    assert set(passed) == set(PARAMETERS)
    assert passed["Schedules"] == "off"
    assert passed["AllowedOrigins"] == '""'
    assert passed["HotDays"] == "20"
    assert all(" " not in value for value in passed.values())


def test_changed_parameters_change_every_function(tmp_path: Path) -> None:
    built = {}
    for parameters in (["HotDays=20"], ["HotDays=20"], ["HotDays=30"]):
        path = tmp_path / "template.yaml"
        path.write_text((ROOT / "template.yaml").read_text())
        stamp(path, parameters)
        built.setdefault(tuple(parameters), set()).add(path.read_text())
        with pytest.raises(OperatorError, match="was not built"):
            stamp(path, parameters)
    same, other = built.values()
    assert len(same | other) == 2
