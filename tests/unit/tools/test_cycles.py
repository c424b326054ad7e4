"""Cycles of Python and TypeScript modules are reported, and imports for type checking only are not."""

from pathlib import Path

import pytest

from tools import cycles

CYCLES = [
    {"functions/f/a.py": "import f.b", "functions/f/b.py": "import f.a"},
    {"functions/f/a.py": "from f import b", "functions/f/b.py": "from f.a import name"},
    {"local/a.py": "from . import b", "local/b.py": "from .a import name"},
    {"client/src/c/d/a.py": "from ..b import name", "client/src/c/b.py": "from c.d.a import name"},
    {"tools/__init__.py": "from .a import name", "tools/a.py": "from tools import other"},
    {"bench/a.py": "import bench.b", "bench/b.py": "def x():\n import bench.a"},
    {
        "bench/a.py": "import bench.b",
        "bench/b.py": "if 1:\n pass\nelse:\n try:\n  import bench.a\n finally: pass",
    },
    {"bench/a.py": "import bench.b", "bench/b.py": "if TYPE_CHECKING:\n pass\nelse:\n import bench.a"},
    {
        "operations/a.py": "import local.b",
        "local/b.py": "import vitals.c.d",
        "layers/common/python/vitals/c/d.py": "import operations.a",
    },
    {"local/a.py": "import local.a"},
    {"web/src/a.ts": "import { x } from './b';", "web/src/b.tsx": "import x from './a.ts';"},
    {"web/src/a.ts": "import './b';", "web/src/b/index.tsx": "import type { X } from '../a';"},
    {"web/src/a.ts": "import { type X } from './b';", "web/src/b.ts": "export * from './a';"},
    {"web/src/a.ts": "const x = () => import('./b');", "web/src/b.ts": "export { x } from './a';"},
    {"web/src/a.ts": "type X = import('./b').X;", "web/src/b.ts": "export type { X } from './a';"},
]
TREES = [
    {},
    {"local/a.py": "import local.b", "local/b.py": "import json"},
    {"local/a.py": "import local.b\nimport local.c", "local/b.py": "import local.c", "local/c.py": ""},
    {"local/a.py": "import local.b", "local/b.py": "if TYPE_CHECKING:\n import local.a"},
    {"local/a.py": "import local.b", "local/b.py": "if typing.TYPE_CHECKING:\n from local import a"},
    {"local/__init__.py": "from local import a", "local/a.py": "import local.b", "local/b.py": ""},
    {"local/a.py": "from json import a", "local/json.py": "from local import a"},
    {"web/src/a.ts": "import './b';\nimport './a.css';\nimport 'a';", "web/src/b.ts": "import 'a';"},
]  # fmt: skip


def write(root: Path, tree: dict[str, str]) -> None:
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("tree", CYCLES, ids=lambda tree: " ".join(tree))
def test_a_cycle_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str], tree: dict[str, str]) -> None:
    write(tmp_path, tree | {"local/outside.py": "import local.a", "web/src/outside.ts": "import './a';"})
    assert cycles.main([str(tmp_path)]) == 1
    paths = ", ".join(sorted(str(tmp_path / name) for name in tree))
    assert capsys.readouterr().out.splitlines() == [f"import cycle: {paths}", "import cycles: 1"]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: " ".join(tree))
def test_no_cycle(tmp_path: Path, capsys: pytest.CaptureFixture[str], tree: dict[str, str]) -> None:
    write(tmp_path, tree)
    assert cycles.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "import cycles: 0\n"


def test_two_cycles_are_two_groups(tmp_path: Path) -> None:
    edges = {"a": "b", "b": "ac", "c": "d", "d": "c", "e": "a"}
    graph = {Path(module): {Path(target) for target in targets} for module, targets in edges.items()}
    assert cycles.cycles(graph) == [[Path("a"), Path("b")], [Path("c"), Path("d")]]
