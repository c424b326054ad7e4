"""Adds to CloudFormation: Glue, Athena, redrive policies, expiry and recovery of tables, all of Fn::Sub,
updates of schedules, and the state of new event source mappings.

Alarms on expressions, saved queries of Logs Insights and CodeDeploy are accepted, without an effect: an alias
moves at once.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import athena, glue, scheduler
from ministack.services.cloudformation import engine, provisioners

type Answer = tuple[int, dict[str, str], bytes]
type Created = tuple[str, dict[str, Any]]
"""Physical id and attributes of a resource."""
type Create = Callable[[str, dict[str, Any], str], Created]
"""(logical id, properties, stack name)."""

_WITHOUT_EFFECT = (
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Logs::QueryDefinition",
)

_LITERAL = "${!"
_ESCAPED_LITERAL = "$\0{"


def patch() -> None:
    """Patches ministack's CloudFormation."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::Glue::Database"] = {"create": _create_database, "delete": _delete_database}
    handlers["AWS::Glue::Table"] = {"create": _create_table, "delete": _delete_table}
    handlers["AWS::Athena::WorkGroup"] = {"create": _create_work_group, "delete": _delete_work_group}
    handlers["AWS::Athena::NamedQuery"] = {"create": _create_named_query, "delete": _delete_named_query}
    handlers["AWS::Scheduler::Schedule"]["update"] = _update_schedule
    for kind in _WITHOUT_EFFECT:
        handlers[kind] = {"create": _accept, "delete": _forget}
    alarms = handlers["AWS::CloudWatch::Alarm"]
    alarms["create"] = _without_expressions(alarms["create"])
    for kind, extend in (
        ("AWS::SQS::Queue", _set_redrive),
        ("AWS::DynamoDB::Table", _set_expiry_and_recovery),
        ("AWS::Lambda::EventSourceMapping", _set_state),
    ):
        handlers[kind]["create"] = extend(handlers[kind]["create"])
    engine._resolve_refs = _keep_literals(engine._resolve_refs)
    engine._extract_deps = _with_variables(engine._extract_deps)


def _keep_literals(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_refs(value: Any, *args: Any) -> Any:
        match value:
            case {"Fn::Sub": str(text) | [str(text), *_]} if _LITERAL in text:
                escaped = text.replace(_LITERAL, _ESCAPED_LITERAL)
                sub = escaped if isinstance(value["Fn::Sub"], str) else [escaped, *value["Fn::Sub"][1:]]
                return resolve({"Fn::Sub": sub}, *args).replace(_ESCAPED_LITERAL, "${")
        return resolve(value, *args)

    return resolve_refs


def _with_variables(extract: Callable[..., set[str]]) -> Callable[..., set[str]]:
    """Adds the resources that the variables of Fn::Sub refer to: they must be created before."""

    def extract_deps(resource: dict[str, Any], names: set[str]) -> set[str]:
        dependencies = extract(resource, names)
        for variables in _variables(resource.get("Properties", {})):
            dependencies |= extract_deps({"Properties": variables}, names)
        return dependencies

    return extract_deps


def _variables(value: Any) -> Iterator[dict[str, Any]]:
    """Yields the variables of each Fn::Sub in the value."""
    match value:
        case {"Fn::Sub": [str(), dict(variables)]}:
            yield variables
        case dict():
            for item in value.values():
                yield from _variables(item)
        case list():
            for item in value:
                yield from _variables(item)


def _set_redrive(create: Create) -> Create:
    def create_queue(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        url, attributes = create(logical_id, props, stack_name)
        if "RedrivePolicy" in props:
            queue = provisioners._sqs._queues[url]
            queue["attributes"]["RedrivePolicy"] = json.dumps(props["RedrivePolicy"])
        return url, attributes

    return create_queue


def _set_expiry_and_recovery(create: Create) -> Create:
    updates = {
        "TimeToLiveSpecification": provisioners._dynamodb._update_ttl,
        "PointInTimeRecoverySpecification": provisioners._dynamodb._update_continuous_backups,
    }

    def create_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        name, attributes = create(logical_id, props, stack_name)
        for setting, update in updates.items():
            if setting in props:
                update({"TableName": name, setting: props[setting]})
        return name, attributes

    return create_table


def _update_schedule(name: str, old: dict[str, Any], props: dict[str, Any], stack_name: str) -> Created:
    scheduler._update_schedule(name, {"GroupName": "default"} | props)
    return name, {"Arn": scheduler._schedule_arn("default", name)}


def _set_state(create: Create) -> Create:
    def create_mapping(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        name, attributes = create(logical_id, props, stack_name)
        mapping = provisioners._lambda_svc._esms[name]
        mapping["State"] = "Enabled" if mapping["Enabled"] else "Disabled"
        return name, attributes

    return create_mapping


def _without_expressions(create: Create) -> Create:
    def create_alarm(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        action = _accept if "Metrics" in props else create
        return action(logical_id, props, stack_name)

    return create_alarm


def _accept(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    name = f"{stack_name}-{logical_id}"
    return name, {"Arn": name}


def _forget(physical_id: str, props: dict[str, Any]) -> None:
    """Deletes a resource that exists by name only."""


# ministack has no update handlers: it creates a changed resource again, so that `create` must replace it.


def _create_database(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    database = props["DatabaseInput"]
    if database["Name"] in glue._databases:
        _checked(glue._update_database({"Name": database["Name"], "DatabaseInput": database}))
    else:
        _checked(glue._create_database({"DatabaseInput": database}))
    return database["Name"], {}


def _delete_database(physical_id: str, props: dict[str, Any]) -> None:
    glue._delete_database({"Name": physical_id})


def _create_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    name = props["TableInput"]["Name"]
    glue._delete_table({"DatabaseName": props["DatabaseName"], "Name": name})
    _checked(glue._create_table({"DatabaseName": props["DatabaseName"], "TableInput": props["TableInput"]}))
    return name, {}


def _delete_table(physical_id: str, props: dict[str, Any]) -> None:
    glue._delete_table({"DatabaseName": props["DatabaseName"], "Name": physical_id})


def _create_work_group(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    name = props["Name"]
    athena._delete_workgroup({"WorkGroup": name})
    configuration = props["WorkGroupConfiguration"]
    work_group = {"Name": name, "Description": props.get("Description", ""), "Configuration": configuration}
    _checked(athena._create_workgroup(work_group))
    return name, {}


def _delete_work_group(physical_id: str, props: dict[str, Any]) -> None:
    athena._delete_workgroup({"WorkGroup": physical_id})


def _create_named_query(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    query = json.loads(_checked(athena._create_named_query(props)))
    return query["NamedQueryId"], {"NamedQueryId": query["NamedQueryId"]}


def _delete_named_query(physical_id: str, props: dict[str, Any]) -> None:
    athena._delete_named_query({"NamedQueryId": physical_id})


def _checked(answer: Answer) -> bytes:
    """Returns the body of an answer; ValueError when it is an error."""
    status, _, body = answer
    if status != 200:
        raise ValueError(body.decode())
    return body
