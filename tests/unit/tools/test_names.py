"""Each kind of binding is seen once, and only whole names of the list count."""

from pathlib import Path

import pytest

from tools import names, sizes
from tools.bindings import Binding, python_bindings
from tools.names import CONTENT_FREE, is_content_free
from tools.sources import parse_typescript

# Each source binds the name that stands for NAME, and no other name but x and y.
PYTHON = [
    "NAME = 1",
    "x = NAME = 1",
    "x, (y, *NAME) = 1",
    "NAME: int",
    "NAME += 1",
    "(NAME := 1)",
    "for x, NAME in y: pass",
    "async def x():\n async for NAME in y: pass",
    "with x as NAME: pass",
    "with x as (y, NAME): pass",
    "[1 for NAME in x]",
    "{1 for x, NAME in y}",
    "{1: 1 for NAME in x}",
    "sum(1 for NAME in x)",
    "try: pass\nexcept x as NAME: pass",
    "match x:\n case NAME: pass",
    "match x:\n case y(z=NAME): pass",
    "match x:\n case [1 as NAME]: pass",
    "match x:\n case [1, *NAME]: pass",
    "match x:\n case {1: 2, **NAME}: pass",
    "def NAME(): pass",
    "async def NAME(): pass",
    "def x(NAME): pass",
    "def x(NAME, /): pass",
    "def x(*, NAME): pass",
    "def x(*NAME): pass",
    "def x(**NAME): pass",
    "lambda NAME: 1",
    "class NAME: pass",
    "class x:\n NAME = 1",
    "class x:\n NAME: int",
    "class x:\n def NAME(self): pass",
    "class x:\n def y(self): self.NAME = 1",
    "class x:\n @classmethod\n def y(cls): cls.NAME: int = 1",
    "class x:\n def y(self):\n  for self.NAME in y: pass",
    "type NAME = int",
    "import os as NAME",
    "import os.path as NAME",
    "from os import path as NAME",
]
TYPESCRIPT = [
    "const NAME = 1;",
    "let x, NAME;",
    "const { NAME } = x;",
    "const { x: NAME } = y;",
    "const { x: { y: [NAME] } } = 1;",
    "const { ...NAME } = x;",
    "const [x, ...NAME] = y;",
    "for (const NAME of x) {}",
    "for (let NAME = 0; ; ) {}",
    "try {} catch (NAME) {}",
    "function NAME() {}",
    "(function NAME() {});",
    "function x(NAME: number) {}",
    "function x({ NAME }: object) {}",
    "const x = (...NAME: number[]) => 1;",
    "type x = (NAME: number) => void;",
    "type x = { [NAME: string]: number };",
    "class NAME {}",
    "(class NAME {});",
    "class x { NAME = 1; }",
    "class x { #NAME = 1; }",
    "class x { constructor(private NAME: number) {} }",
    "class x { NAME() {} }",
    "class x { get NAME() { return 1; } set NAME(y) {} }",
    "interface NAME {}",
    "interface x { NAME: number }",
    "interface x { NAME(): number }",
    "type NAME = number;",
    "type x = { y: { NAME?: number }[] };",
    "enum NAME {}",
    "enum x { NAME }",
    "import NAME from 'x';",
    "import * as NAME from 'x';",
    "import { y as NAME } from 'x';",
    "const x = <b>{y.map((NAME) => 1)}</b>;",
]
FREE_IN_PYTHON = [
    "x.found",
    "x(found=1)",
    "x.found = 1",
    "x['found'] = 1",
    "import found",
    "from x import found",
    "found.y()",
    "del found",
    "def x(self): pass",
    "def __init__(): pass",
    "_ = __ = 1",
    "class x[found]: pass",
    "def x():\n global found\n found = 1",
    "match x:\n case found.y: pass",
]
FREE_IN_TYPESCRIPT = [
    "x.found = 1;",
    "found();",
    "const x = { found: 1 };",
    "const x = { found() {} };",
    "const { found: x } = y;",
    "import { found } from 'x';",
    "import { found as x } from 'y';",
    "export { x as found };",
    "type x<found> = found;",
    "function x(this: object) {}",
    "function x(_: number, __: number) {}",
    "type x = y['found'];",
    "const x = <b found={1} />;",
]


def typescript_bindings(folder: Path, sources: list[str]) -> list[list[Binding]]:
    """Writes each source to a file, and returns their bindings by one run of the compiler."""
    paths = [folder / f"{index}.tsx" for index in range(len(sources))]
    for path, source in zip(paths, sources, strict=True):
        path.write_text(source)
    parsed = parse_typescript(paths)
    return [
        [Binding(item["name"], item["line"], item["shape"]) for item in parsed[path]["bindings"]]
        for path in paths
    ]


def identifiers(bindings: list[Binding]) -> list[str]:
    return sorted(binding.name for binding in bindings if binding.name not in {"x", "y"})


@pytest.mark.parametrize("template", PYTHON)
def test_python_binds(template: str) -> None:
    assert identifiers(python_bindings(template.replace("NAME", "found"))) == ["found"]


@pytest.mark.parametrize("source", FREE_IN_PYTHON)
def test_python_does_not_bind(source: str) -> None:
    assert identifiers(python_bindings(source)) == []


def test_typescript_binds(tmp_path: Path) -> None:
    bindings = typescript_bindings(tmp_path, [template.replace("NAME", "found") for template in TYPESCRIPT])
    results = dict(zip(TYPESCRIPT, map(identifiers, bindings), strict=True))
    assert results == {template: ["found"] for template in TYPESCRIPT}


def test_typescript_does_not_bind(tmp_path: Path) -> None:
    bindings = typescript_bindings(tmp_path, FREE_IN_TYPESCRIPT)
    results = dict(zip(FREE_IN_TYPESCRIPT, map(identifiers, bindings), strict=True))
    assert results == {source: [] for source in FREE_IN_TYPESCRIPT}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("a = 1\na = 2\na += 3", [1]),
        ("a = 1\ndef x():\n a = 2\n a = 3", [1, 3]),
        ("def x():\n a = 1\n def y():\n  nonlocal a\n  a = 2", [2]),
        ("[1 for a in x]\n[1 for a in x]", [1, 2]),
        ("{1 for a in x}\n{1 for a in x}", [1, 2]),
        ("{1: 2 for a in x}\n{1: 2 for a in x}", [1, 2]),
        ("x(1 for a in x)\nx(1 for a in x)", [1, 2]),
        ("(a := 1)\n[(a := y) for y in x]", [1]),
        ("def x():\n return [(a := y) for y in x]\na = 1", [2, 3]),
        ("class x:\n a: int\n def y(self):\n  self.a = 1", [2]),
        ("class x:\n def y(self):\n  self.a = 1\n def x(self):\n  self.a = a = 2", [3, 5]),
        ("class x:\n def y(self):\n  self.a = 1\nclass y:\n def x(self):\n  self.a = 1", [3, 6]),
        ("@y\ndef a(): pass", [2]),
        ("lambda a: 1\nlambda a: 1", [1, 2]),
    ],
)
def test_a_python_name_counts_once_per_scope(source: str, lines: list[int]) -> None:
    assert [binding.line for binding in python_bindings(source) if binding.name == "a"] == lines


def test_a_typescript_name_counts_once_per_scope(tmp_path: Path) -> None:
    expected = {
        "var a = 1;\nvar a = 2;": [1],
        "const a = 1;\n{ const a = 2; }": [1, 2],
        "function x(a: 1): 1;\nfunction x(a: 2): 2;\nfunction x(a: any) {}": [1, 2, 3],
        "function a(x: 1): 1;\nfunction a(x: any) {}": [1],
        "type x =\n | { a: 1 }\n | { a: 2 };": [2, 3],
        "const a = (a: 1) => 1;\n\n// a comment\nconst x = (\n  a: 2,\n) => 1;": [1, 1, 5],
    }
    bindings = typescript_bindings(tmp_path, list(expected))
    lines = [[binding.line for binding in items if binding.name == "a"] for items in bindings]
    assert dict(zip(expected, lines, strict=True)) == expected


@pytest.mark.parametrize(
    "name", [*sorted(CONTENT_FREE), "letGo", "_found", "__found", "found_", "noun_", "class_", "_noun_"]
)
def test_names_without_content(name: str) -> None:
    assert is_content_free(Binding(name, 1))


@pytest.mark.parametrize(
    "name",
    [
        "most_rows",
        "left_s",
        "setFound",
        "found2",
        "founding",
        "Found_Items",
        "FOUND",
        "Known",
        "asked",
        "told",
    ],
)
def test_a_compound_or_another_case_has_content(name: str) -> None:
    assert is_content_free(Binding(name, 1)) == (name in {"asked", "told"})


def test_the_list_has_both_spellings() -> None:
    assert {"let_go", "letGo", "Found", "found", "Asked", "news"} <= CONTENT_FREE
    assert "" not in CONTENT_FREE
    assert len(CONTENT_FREE) == 24 + 14 + 1


@pytest.mark.parametrize(
    ("source", "content_free"),
    [
        ("class x:\n known: int", False),
        ("class x:\n known = 1", True),
        ("class x:\n part: int", True),
        ("class x:\n def known(self): pass", True),
        ("class x:\n def y(self, known): pass", True),
        ("class x:\n def y(self): self.known = 1", True),
        ("known: int", True),
    ],
)
def test_python_fields_may_have_names_of_the_api(source: str, content_free: bool) -> None:
    assert any(map(is_content_free, python_bindings(source))) == content_free


def test_typescript_fields_may_have_names_of_the_api(tmp_path: Path) -> None:
    expected = {
        "export type x = { y: { known: number }[] };": False,
        "export interface x { known: number }": False,
        "type x = { known: number };": True,
        "export type x = { y: (known: number) => number };": True,
        "export type x = { part: number };": True,
        "export function x({ y }: { known: number }) {}": True,
        "export const known = 1;": True,
    }
    bindings = typescript_bindings(tmp_path, list(expected))
    results = [any(map(is_content_free, items)) for items in bindings]
    assert dict(zip(expected, results, strict=True)) == expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep/node_modules").mkdir(parents=True)
    (tmp_path / "a.py").write_text("name = 1\nfound = 2\n")
    (tmp_path / "deep/b.ts").write_text("const name = 1;\nconst letGo = 2;\n")
    (tmp_path / "deep/c.tsx").write_text("const name = <b />;\n")
    (tmp_path / "deep/node_modules/d.ts").write_text("const found = 1;\n")
    return tmp_path


def test_the_count_of_both_languages(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert names.main([str(folder / "deep"), str(folder), "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder}/deep/b.ts:2 letGo",
        f"{folder}/deep: 3 bound names, 1 content-free, 33.3 %",
        f"{folder}/a.py:2 found",
        f"{folder}/deep/b.ts:2 letGo",
        f"{folder}: 5 bound names, 2 content-free, 40.0 %",
        "3 of 8 bound names are content-free (37.5 %)",
    ]


@pytest.mark.parametrize(("limit", "status"), [("39.9", 1), ("40", 0), ("100", 0), ("0", 1)])
def test_the_limit(folder: Path, limit: str, status: int) -> None:
    assert names.main([str(folder), "--max", limit]) == status


def test_an_empty_folder_has_no_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert names.main([str(tmp_path), "--max", "0", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}: 0 bound names, 0 content-free, 0.0 %",
        "0 of 0 bound names are content-free (0.0 %)",
    ]


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as error:
        names.main([str(tmp_path / "missing")])
    assert error.value.code == 2


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def x(): pass", [1]),
        ("def x():\n '''Text.\n\n Text.'''\n return 1", [1]),
        ("def x():\n 'Text.'", [0]),
        ("async def x():\n y()\n # comment\n\n y(\n 1)", [5]),
        ("def x():\n @y\n def z():\n  pass\n y()", [4, 1]),
        ("class x:\n def y(self):\n  1\n  2", [2]),
    ],
)
def test_lines_of_a_body(source: str, lines: list[int]) -> None:
    assert sizes.body_lines(source) == lines


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.1, 1), (0.5, 5), (0.51, 6), (0.9, 9), (1.0, 10)])
def test_percentiles(share: float, value: int) -> None:
    assert sizes.percentile([*range(10, 0, -1)], share) == value
    assert sizes.percentile([], share) == 0


@pytest.mark.parametrize("count", [16, 17])
def test_a_folder_of_many_modules_is_flagged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    (tmp_path / "deep").mkdir()
    for module in ("__init__", *range(count)):
        (tmp_path / f"deep/{module}.py").write_text("def x():\n return 1\n")
    (tmp_path / "small.py").touch()
    assert names.main([str(tmp_path), "--functions"]) == 0
    flag = " (more than 16)" if count > 16 else ""
    assert capsys.readouterr().out.splitlines()[2:] == [
        f"{count + 1} functions: body p50 1 lines, p90 1 lines, largest 1",
        f"{tmp_path}/deep: {count} modules{flag}",
    ]
