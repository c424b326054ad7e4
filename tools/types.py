"""Writes the types of the API's answers for the page and the client, from functions/query/openapi.json.

    python -m tools.types

Both files are committed; a test compares them with new ones.
"""

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.stack_file import ROOT
from tools.openapi import TARGET as DOCUMENT

_WIDTH = 110
_HEADER = "Generated from functions/query/openapi.json by `python -m tools.types`. Do not edit."

type Schema = Mapping[str, Any]
# The name of a type, and the schemas that it merges: a key that not all of them require is optional.
type Names = Mapping[str, Sequence[str]]

_SHARED_NAMES: Names = {
    "Coverage": ["CoverageAnswer"],
    "Finding": ["FindingAnswer"],
    "Quality": ["QualityAnswer"],
    "Point": ["PointAnswer"],
    "SeriesCoverage": ["Coverage"],
    "Tag": ["TagCount"],
}
_PAGE_NAMES: Names = {
    **_SHARED_NAMES,
    "Backfill": ["Run", "RunWithDays"],
    "BackfillDay": ["Day"],
    "BackfillStarted": ["DryRun", "Started"],
    "ExportFile": ["File"],
    "ExportJob": ["Export", "ExportWithFiles"],
    "PointPage": ["Points"],
}
_CLIENT_NAMES: Names = {
    **_SHARED_NAMES,
    "Export": ["Export", "ExportWithFiles"],
    "ExportFile": ["File"],
    "Plan": ["DryRun", "Started"],
    "Run": ["Run", "RunWithDays"],
    "RunDay": ["Day"],
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an answer; `doc` is empty where the document describes nothing."""

    name: str
    schema: Schema
    doc: str
    required: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A type to write, with its keys: the required ones first."""

    name: str
    doc: str
    keys: Sequence[Key]


@dataclass(frozen=True, slots=True)
class Language:
    """How a language spells types; `scalars` maps JSON's types."""

    scalars: Mapping[str, str]
    literals: Callable[[Sequence[Any]], str]
    array: Callable[[str], str]
    mapping: Callable[[str], str]


_TYPESCRIPT = Language(
    {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"},
    literals=lambda values: " | ".join(map(json.dumps, values)),
    array=lambda item: f"({item})[]" if " | " in item else f"{item}[]",
    mapping=lambda value: f"Record<string, {value}>",
)
_PYTHON = Language(
    {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"},
    literals=lambda values: f"Literal[{', '.join(map(_python_literal, values))}]",
    array=lambda item: f"list[{item}]",
    mapping=lambda value: f"dict[str, {value}]",
)


def definitions(document: Schema, answers: Sequence[str], names: Names) -> list[Definition]:
    """Returns the types of these answers and of all that they refer to, each after what it refers to."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    new_names = {schema: name for name, merged in names.items() for schema in merged}
    ordered: dict[str, Definition] = {}

    def visit(schema_name: str) -> None:
        name = new_names.get(schema_name, schema_name)
        if name in ordered:
            return
        merged = [schemas[merged_name] for merged_name in names.get(name, [schema_name])]
        for reference in _references(merged):
            visit(reference)
        ordered[name] = Definition(name, merged[0].get("description", ""), _keys(merged, new_names))

    for answer in answers:
        visit(answer)
    return list(ordered.values())


def _keys(merged: Sequence[Schema], new_names: Mapping[str, str]) -> list[Key]:
    properties: dict[str, Schema] = {}
    for schema in merged:
        for name, described in schema["properties"].items():
            if _type_of(properties.setdefault(name, described)) != _type_of(described):
                raise ValueError(f"merged schemas have different types for {name}")
    first, *others = (schema.get("required", []) for schema in merged)
    required = [name for name in first if all(name in names for names in others)]
    return [
        Key(
            name,
            _renamed(properties[name], new_names),
            properties[name].get("description", ""),
            name in required,
        )
        for name in [*required, *(name for name in properties if name not in required)]
    ]


def _type_of(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in ("description", "title")}


def _renamed(schema: Any, new_names: Mapping[str, str]) -> Any:
    """Returns the schema with `$ref` as the name of a type."""
    if isinstance(schema, Mapping):
        return {
            key: new_names.get(_last(value), _last(value)) if key == "$ref" else _renamed(value, new_names)
            for key, value in schema.items()
        }
    return [_renamed(value, new_names) for value in schema] if isinstance(schema, list) else schema


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "$ref":
                yield _last(value)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def spelled(schema: Schema, language: Language) -> str:
    """Returns the type that a schema describes; ValueError for a schema that no answer has yet."""
    match schema:
        case {"$ref": name}:
            return str(name)
        case {"anyOf": options}:
            return " | ".join(spelled(option, language) for option in options)
        case {"enum": values}:
            return language.literals(values)
        case {"const": value}:
            return language.literals([value])
        case {"type": "array", "items": item}:
            return language.array(spelled(item, language))
        case {"type": "object", "additionalProperties": value}:
            return language.mapping(spelled(value, language))
        case {"type": name} if name in language.scalars:
            return language.scalars[name]
    raise ValueError(f"no type is known for the schema {schema}")


def _python_literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def typescript(document: Schema) -> str:
    """Returns web/src/api/types.ts."""
    answers = (
        *("Sites", "Points", "Tags", "Latest", "QueryAnswer", "TableAnswer", "SummaryAnswer"),
        *("CoverageAnswer", "QualityAnswer", "Status"),
        *("DryRun", "Started", "RunWithDays", "ExportWithFiles", "SavedViews", "RemovedView"),
    )
    types = [_typescript_type(definition) for definition in definitions(document, answers, _PAGE_NAMES)]
    return "\n".join([f"// {_HEADER}\n", *types, 'export type Resolution = QueryAnswer["resolution"];\n'])


def _typescript_type(definition: Definition) -> str:
    lines = [*_comment(definition.doc, ""), f"export type {definition.name} = {{"]
    for key in definition.keys:
        lines += _comment(key.doc, "  ")
        lines += _typescript_key(key)
    return "\n".join([*lines, "};\n"])


def _typescript_key(key: Key) -> list[str]:
    """Returns the lines of a key, as Biome formats them: a union that is too long has one member a line."""
    name = key.name if key.required else f"{key.name}?"
    spelling = spelled(key.schema, _TYPESCRIPT)
    line = f"  {name}: {spelling};"
    if len(line) <= _WIDTH:
        return [line]
    members = [f"    | {member}" for member in spelling.split(" | ")]
    return [f"  {name}:", *members[:-1], f"{members[-1]};"]


def _comment(doc: str, indent: str) -> list[str]:
    if not doc:
        return []
    if len(doc) + len(indent) + len("/**  */") <= _WIDTH and "\n" not in doc:
        return [f"{indent}/** {doc} */"]
    lines = _wrapped(doc, _WIDTH - len(indent) - 3)
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def python(document: Schema) -> str:
    """Returns client/src/vitals_client/shapes.py."""
    answers = (
        *("Sites", "Points", "Tags", "Latest", "CoverageAnswer", "QualityAnswer", "Status"),
        *("DryRun", "Started", "RunWithDays", "Cancelled", "ExportWithFiles", "Removed", "Changes"),
        *("Health", "SummaryAnswer", "SavedViews", "RemovedView", "Flags", "RemovedFlag"),
    )
    classes = [_python_class(definition) for definition in definitions(document, answers, _CLIENT_NAMES)]
    head = f'"""{_HEADER}\n\nThe answers of the API as it sends them. Later versions may add keys.\n"""\n'
    imports = "from typing import Literal, NotRequired, TypedDict\n\n"
    return "\n".join([head, imports, "\n\n".join(classes)])


def _python_class(definition: Definition) -> str:
    lines = [f"class {definition.name}(TypedDict):"]
    if definition.doc:
        lines += [*_docstring(definition.doc), ""]
    for key in definition.keys:
        lines += _python_key(key)
        lines += _docstring(key.doc) if key.doc else []
    return "\n".join([*lines, ""])


def _python_key(key: Key) -> list[str]:
    """Returns the lines of a key, as Ruff formats them: a Literal that is too long has one value a line."""
    spelling = spelled(key.schema, _PYTHON)
    line = f"    {key.name}: {spelling if key.required else f'NotRequired[{spelling}]'}"
    if len(line) <= _WIDTH:
        return [line]
    values = spelling.removeprefix("Literal[").removesuffix("]").split(", ")
    return [f"    {key.name}: Literal[", *(f"        {value}," for value in values), "    ]"]


def _docstring(doc: str) -> list[str]:
    if len(doc) + len('    """"""') <= _WIDTH and "\n" not in doc:
        return [f'    """{doc}"""']
    first, *others = _wrapped(doc, _WIDTH - len('    """'))
    return [f'    """{first}', *(f"    {line}".rstrip() for line in others), '    """']


def _wrapped(doc: str, width: int) -> list[str]:
    return [line for text in doc.split("\n") for line in textwrap.wrap(text, width) or [""]]


TARGETS: Mapping[Path, Callable[[Schema], str]] = {
    ROOT / "web/src/api/types.ts": typescript,
    ROOT / "client/src/vitals_client/shapes.py": python,
}


def main() -> None:
    """Writes both files."""
    document = json.loads(DOCUMENT.read_text())
    for path, generate in TARGETS.items():
        path.write_text(generate(document))


if __name__ == "__main__":
    main()
