"""JSON schemas of the API's answers, from their TypedDicts.

pydantic generates them; descriptions of keys are added here, from the strings below the keys in the source.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter

_REFERENCE = "#/components/schemas/{model}"
# pydantic names a generic TypedDict after its parameters too, which are always the default ones here.
_PARAMETERS = re.compile(r"\b(\w+?)(?:_TypeVar)+_")


def schema_of(answer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the schema of an answer's type, and the definitions that it refers to, by name."""
    schemas, generated = TypeAdapter.json_schemas(
        [("answer", "serialization", TypeAdapter(answer))], ref_template=_REFERENCE
    )
    definitions = {_plain(name): _plain(schema) for name, schema in generated.get("$defs", {}).items()}
    for definition in _typed_dicts(answer):
        properties = definitions[definition.__name__]["properties"]
        for key, text in _key_docs(definition).items():
            properties[key]["description"] = text
    return _plain(schemas["answer", "serialization"]), definitions


def _plain(node: Any) -> Any:
    """Returns names and references without the parameters of generics."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return _PARAMETERS.sub(r"\1", node) if isinstance(node, str) else node


def _typed_dicts(annotation: Any) -> Iterator[Any]:
    """Yields every TypedDict that the type consists of."""
    definition = get_origin(annotation) or annotation
    if is_typeddict(definition):
        yield definition
        for hint in get_type_hints(definition).values():
            yield from _typed_dicts(hint)
    for argument in get_args(annotation):
        yield from _typed_dicts(argument)


def _key_docs(definition: Any) -> dict[str, str]:
    """Returns the strings below the keys of a TypedDict and of what it extends."""
    docs: dict[str, str] = {}
    for base in definition.__orig_bases__:
        if is_typeddict(base):
            docs |= _key_docs(base)
    if "__firstlineno__" not in vars(definition):
        # Made by a call, because a key is a word of Python.
        return docs
    [source] = ast.parse(inspect.getsource(definition)).body
    assert isinstance(source, ast.ClassDef)
    for key, text in zip(source.body, source.body[1:], strict=False):
        match key, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                docs[name] = inspect.cleandoc(doc).replace("\n", " ")
    return docs
