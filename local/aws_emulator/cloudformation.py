"""What ministack's CloudFormation leaves out of the archive: Glue, Athena, and `${!literal}` in a Sub."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import athena, glue
from ministack.services.cloudformation import engine, provisioners

type Answer = tuple[int, dict[str, str], bytes]
type Created = tuple[str, dict[str, Any]]

_LITERAL = "${!"
_HIDDEN = "$\0{"


def complete() -> None:
    """Adds the resource types and the missing form of Sub."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::Glue::Database"] = {"create": _create_database, "delete": _delete_database}
    handlers["AWS::Glue::Table"] = {"create": _create_table, "delete": _delete_table}
    handlers["AWS::Athena::WorkGroup"] = {"create": _create_work_group, "delete": _delete_work_group}
    handlers["AWS::Athena::NamedQuery"] = {"create": _create_named_query, "delete": _delete_named_query}
    engine._resolve_refs = _sparing_literals(engine._resolve_refs)


def _sparing_literals(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def sparing(value: Any, *args: Any) -> Any:
        match value:
            case {"Fn::Sub": str(text)} if _LITERAL in text:
                found = resolve({"Fn::Sub": text.replace(_LITERAL, _HIDDEN)}, *args)
                return found.replace(_HIDDEN, "${")
        return resolve(value, *args)

    return sparing


# Without an update handler, ministack creates a changed resource again, so that each of these replaces.


def _create_database(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    given = props["DatabaseInput"]
    if given["Name"] in glue._databases:
        _checked(glue._update_database({"Name": given["Name"], "DatabaseInput": given}))
    else:
        _checked(glue._create_database({"DatabaseInput": given}))
    return given["Name"], {}


def _delete_database(physical_id: str, props: dict[str, Any]) -> None:
    glue._delete_database({"Name": physical_id})


def _create_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    given = {"DatabaseName": props["DatabaseName"], "TableInput": props["TableInput"]}
    name = props["TableInput"]["Name"]
    glue._delete_table({"DatabaseName": props["DatabaseName"], "Name": name})
    _checked(glue._create_table(given))
    return name, {}


def _delete_table(physical_id: str, props: dict[str, Any]) -> None:
    glue._delete_table({"DatabaseName": props["DatabaseName"], "Name": physical_id})


def _create_work_group(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    name = props["Name"]
    athena._delete_workgroup({"WorkGroup": name})
    configuration = props["WorkGroupConfiguration"]
    described = {"Name": name, "Description": props.get("Description", ""), "Configuration": configuration}
    _checked(athena._create_workgroup(described))
    return name, {}


def _delete_work_group(physical_id: str, props: dict[str, Any]) -> None:
    athena._delete_workgroup({"WorkGroup": physical_id})


def _create_named_query(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
    answer = json.loads(_checked(athena._create_named_query(props)))
    return answer["NamedQueryId"], {"NamedQueryId": answer["NamedQueryId"]}


def _delete_named_query(physical_id: str, props: dict[str, Any]) -> None:
    athena._delete_named_query({"NamedQueryId": physical_id})


def _checked(answer: Answer) -> bytes:
    status, _, body = answer
    if status != 200:
        raise ValueError(body.decode())
    return body
