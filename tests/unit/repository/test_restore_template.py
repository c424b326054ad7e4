"""The template with tables and a bucket that exist: it creates none, and no reference lacks its target."""

import re
from collections.abc import Iterator
from typing import Any

from tests.support.sam import transformed

STORES = {"StateTable": "state", "HotTable": "hot", "ColdBucket": "archive"}
PARAMETERS = {f"Existing{name}": value for name, value in STORES.items()}
TYPES = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}


class Stack:
    """The transformed template with the parameters of a restore, and the defaults of the others."""

    def __init__(self) -> None:
        template = transformed()
        self.values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
        self.values |= {"Stage": "prod"} | PARAMETERS
        self.conditions = template["Conditions"]
        self.resources = {
            name: self.resolved({key: value for key, value in resource.items() if key != "Condition"})
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }
        self.outputs = self.resolved(template["Outputs"])

    def holds(self, condition: Any) -> bool:
        match condition:
            case str(name) | {"Condition": str(name)}:
                return self.holds(self.conditions[name])
            case {"Fn::Not": [negated]}:
                return not self.holds(negated)
            case {"Fn::And": parts}:
                return all(map(self.holds, parts))
            case {"Fn::Equals": [{"Ref": parameter}, value]}:
                return str(self.values[parameter]) == str(value)
        raise ValueError(f"{condition} is not evaluated here")

    def resolved(self, value: Any) -> Any:
        """Returns the value with Fn::If replaced by the branch that applies."""
        match value:
            case {"Fn::If": [condition, then, otherwise]}:
                return self.resolved(then if self.holds(condition) else otherwise)
            case dict():
                return {key: self.resolved(item) for key, item in value.items()}
            case list():
                return [self.resolved(item) for item in value]
        return value


def references(value: Any) -> Iterator[str]:
    """Yields the logical ids, parameters and pseudo parameters that the value refers to."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]} | {"Fn::GetAtt": str(name)}:
            yield name.split(".")[0]
        case {"Fn::Sub": [str(text), dict(local)]}:
            yield from {*substituted(text)} - local.keys()
            yield from references(list(local.values()))
        case {"Fn::Sub": str(text)}:
            yield from substituted(text)
        case {"DependsOn": names, **others}:
            yield from [names] if isinstance(names, str) else names
            yield from references(others)
        case dict():
            yield from references(list(value.values()))
        case list():
            for item in value:
                yield from references(item)


def substituted(text: str) -> list[str]:
    return [name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text)]


def test_no_table_or_bucket_is_created() -> None:
    assert [name for name, resource in Stack().resources.items() if resource["Type"] in TYPES] == []


def test_every_reference_has_a_target() -> None:
    stack = Stack()
    names = set(references([list(stack.resources.values()), stack.outputs]))
    targets = stack.resources.keys() | stack.values.keys()
    assert not {name for name in names if not name.startswith("AWS::")} - targets
    # They are the ones that the restored stack uses instead.
    assert names >= PARAMETERS.keys()


def test_outputs_name_the_stores_that_exist() -> None:
    outputs = Stack().outputs
    assert {name: outputs[name]["Value"] for name in STORES} == {
        name: {"Ref": f"Existing{name}"} for name in STORES
    }
