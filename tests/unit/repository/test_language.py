"""Plain English: names say what they name, and texts for people have none of the worst phrases."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template import ROOT
from tools.names import bound_names, is_content_free, percentage
from tools.sources import FOLDERS, existing

# Never, anywhere in the product.
WORST_NAMES = {
    "found",
    "asked",
    "told",
    "said",
    "kept",
    "given",
    "rest",
    "upkeep",
    "letters",
    "squeeze",
    "let_go",
}
MOST_PERCENT = 0.5
WORST_PHRASES = re.compile(
    r"next_token goes on|ask for less|are? at work|is at work|is no (?:list|JSON|number|integer|whole)"
    r"|was had|no turn to|as they were built|(?:is|are|be) told|told of|\bmend\b|(?:be|be)?came of\b"
    r"|wants it no more|somebody else|\bnobody\b|\bwhoever\b|let go|were given up|something went wrong"
    r"|is left alone|newer than the catalog",
    re.IGNORECASE,
)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("client/*.md")])
TEMPLATES = sorted([ROOT / "template.yaml", *ROOT.glob("statemachine/*.yaml")])
MODULES = sorted(path for folder in existing(FOLDERS) for path in folder.rglob("*.py"))
SCRIPTS = sorted((ROOT / "web/src").rglob("*.ts*"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def texts(path: Path) -> Iterator[str]:
    """What a file says to people: strings of code, or all of a document."""
    if path.suffix != ".py":
        yield path.read_text()
        return
    tree = ast.parse(path.read_text())
    yield from (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_names_say_what_they_name() -> None:
    names = [name for folder in existing(FOLDERS) for name in bound_names(folder)]
    content_free = [name for name in names if is_content_free(name.binding)]
    worst = [str(name) for name in names if name.binding.name.strip("_") in WORST_NAMES]
    assert not worst
    assert percentage(len(content_free), len(names)) <= MOST_PERCENT, "\n".join(map(str, content_free))


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *DOCUMENTS, *TEMPLATES], ids=relative)
def test_texts_have_none_of_the_worst_phrases(path: Path) -> None:
    matches = [match[0] for text in texts(path) for match in WORST_PHRASES.finditer(text)]
    assert not matches


@pytest.mark.parametrize(
    "text",
    [
        "not all of the range was read in time; next_token goes on",
        "backfill X is at work; wait for it or cancel it",
        "no turn to ask the upstream was had in 20 attempts",
        "3 points are not as they were built",
        "Only a token for all sites is told of them.",
        "Whoever asked for the export wants it no more.",
        "something went wrong here; the request id finds it in the log",
    ],
)
def test_the_worst_phrases_are_recognised(text: str) -> None:
    assert WORST_PHRASES.search(text)
