"""Reads template.yaml, so that tests do not repeat its resources."""

import re
from collections.abc import Mapping
from typing import Any

from operations.template import ROOT, load

STACK, ACCOUNT, BUCKET = "building-vitals", "123456789012", "cold-bucket"
"""The names of the stack, its account and ColdBucket in tests. Tables and queues have their logical ids."""
ACE_SECRET = f"{STACK}/ace-api-key"

__all__ = [
    "ACCOUNT",
    "ACE_SECRET",
    "BUCKET",
    "ROOT",
    "STACK",
    "create_archive",
    "create_table",
    "holds",
    "resolved",
    "template",
]


def template() -> dict[str, Any]:
    """Returns the template, read once. Aliases share objects, so no caller may change it."""
    return load()


def create_table(client: Any, logical_id: str) -> str:
    """Creates a table of the template, with its logical id as its name, and returns the name."""
    properties = template()["Resources"][logical_id]["Properties"]
    client.create_table(
        TableName=logical_id,
        BillingMode=properties["BillingMode"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
    )
    return logical_id


def resolved(value: Any, refs: Mapping[str, Any]) -> Any:
    """Returns the value with every Ref, GetAtt, Sub, If, Join and Split replaced by its result."""
    match value:
        case {"If": [condition, then, otherwise]}:
            return resolved(then if holds(condition) else otherwise, refs)
        case {"Sub": [text, variables]}:
            return resolved({"Sub": text}, {**refs, **resolved(variables, refs)})
        case {"Ref": name} | {"GetAtt": name}:
            return refs[name]
        case {"Sub": text}:
            filled = re.sub(r"\$\{([^!}]+)\}", lambda match: refs[match[1]], text)
            return filled.replace("${!", "${")
        case {"Join": [separator, parts]}:
            return separator.join(resolved(parts, refs))
        case {"Split": [separator, text]}:
            return resolved(text, refs).split(separator)
        case dict():
            return {key: resolved(item, refs) for key, item in value.items()}
        case list():
            return [resolved(item, refs) for item in value]
    return value


def holds(condition: Any) -> bool:
    """Returns whether a condition of the template holds with the defaults of the parameters."""
    match condition:
        case str(name):
            return holds(template()["Conditions"][name])
        case {"Not": [negated]}:
            return not holds(negated)
        case {"Equals": [{"Ref": parameter}, value]}:
            return bool(template()["Parameters"][parameter].get("Default") == value)
    raise ValueError(f"{condition} is not evaluated here")


def create_archive(s3: Any, glue: Any, athena: Any) -> dict[str, str]:
    """Creates the cold bucket and its Athena resources; returns their names by logical id."""
    document = template()
    names = {"AWS::StackName": STACK, "AWS::AccountId": ACCOUNT, "ColdBucket": BUCKET}
    refs = {key: parameter.get("Default") for key, parameter in document["Parameters"].items()} | names

    def properties(logical_id: str) -> Any:
        return resolved(document["Resources"][logical_id]["Properties"], refs)

    s3.create_bucket(Bucket=names["ColdBucket"])
    database = properties("GlueDatabase")["DatabaseInput"]
    glue.create_database(DatabaseInput=database)
    refs["GlueDatabase"] = names["GlueDatabase"] = database["Name"]
    table = properties("GlueTable")
    glue.create_table(DatabaseName=table["DatabaseName"], TableInput=table["TableInput"])
    refs["GlueTable"] = names["GlueTable"] = table["TableInput"]["Name"]
    table = properties("QualityTable")
    glue.create_table(DatabaseName=table["DatabaseName"], TableInput=table["TableInput"])
    refs["QualityTable"] = names["QualityTable"] = table["TableInput"]["Name"]
    group = properties("AthenaWorkGroup")
    athena.create_work_group(Name=group["Name"], Configuration=group["WorkGroupConfiguration"])
    refs["AthenaWorkGroup"] = names["AthenaWorkGroup"] = group["Name"]
    for logical_id, resource in document["Resources"].items():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            names[logical_id] = athena.create_named_query(**properties(logical_id))["NamedQueryId"]
    return names
