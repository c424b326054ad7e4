"""Lock files name each package by version and hashes, and share the versions of the layers."""

import json
import re
from pathlib import Path

import pytest

from tests.support.template import ROOT

LAYERS = sorted(ROOT.glob("layers/*/requirements.txt"))
LOCKS = sorted([*LAYERS, *ROOT.glob("requirements/*.txt")])
DEV, READERS = ROOT / "requirements/dev.txt", ROOT / "requirements/readers.txt"
REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9-]*)(?:\[[a-z0-9,-]+\])?==([\w.+!-]+)( ; [^\\]+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(text: str) -> list[list[str]]:
    """The lines of each requirement."""
    return [re.split(r" \\\n +", entry) for entry in re.split(r"\n(?=\S)", text.rstrip("\n"))]


def versions(path: Path) -> dict[str, str]:
    matches = [REQUIREMENT.fullmatch(head) for head, *_ in requirements(path.read_text())]
    return {match[1]: match[2] for match in matches if match}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_requirements_are_a_version_and_hashes(path: Path) -> None:
    entries = requirements(path.read_text())
    assert entries
    for head, *hashes in entries:
        assert REQUIREMENT.fullmatch(head), head
        assert hashes, head
        assert all(HASH.fullmatch(line) for line in hashes), head


def test_requirements_without_hashes_are_noticed() -> None:
    with_hash = f"numpy==2.5.5 \\\n    --hash=sha256:{'0' * 64}\n"
    assert [len(entry) for entry in requirements(f"{with_hash}six==1.17.0\n{with_hash}")] == [2, 1, 2]


def test_environments_share_the_versions_of_the_layers() -> None:
    dev, readers = versions(DEV), versions(READERS)
    assert LAYERS
    assert all(dev.items() >= versions(layer).items() for layer in LAYERS)
    assert {name: readers[name] for name in readers.keys() & dev} == {
        name: dev[name] for name in readers.keys() & dev
    }


def test_documented_readers_are_those_that_are_pinned() -> None:
    table = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", (ROOT / "docs/data.md").read_text(), re.MULTILINE)
    pinned, tested = versions(READERS), (ROOT / "tests/readers/program.py").read_text()
    assert {name for name, _ in table} == set(re.findall(r'^    "(\w+)": _', tested, re.MULTILINE))
    assert [(name, version) for name, version in table if pinned[name] != version] == []


def test_lock_files_are_compiled_by_make() -> None:
    sources = {
        path.with_suffix("")
        for path in (*ROOT.glob("layers/*/requirements.in"), *ROOT.glob("requirements/*.in"))
    }
    makefile = (ROOT / "Makefile").read_text()
    compiled = {ROOT / name for name in re.findall(r"\$\(call compile,([\w/]+)\)", makefile)}
    assert {path.with_suffix("") for path in LOCKS} == sources == compiled


@pytest.mark.parametrize("name", ["Makefile", "layers/layer.mk"])
def test_installations_require_hashes(name: str) -> None:
    commands = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    installations = [command for command in commands if " pip install " in command and " -r " in command]
    assert installations
    assert all(" --require-hashes " in command for command in installations)
    others = {command for command in commands if " pip install " in command} - set(installations)
    # The packages of this repository.
    assert all("--offline --no-deps" in command for command in others)


def test_npm_packages_have_hashes_without_addresses() -> None:
    packages = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    for name, package in installed.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
