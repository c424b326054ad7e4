"""Compares what the functional tests used with what the template allows, after a run of all of them."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.iam.evaluation import Grant, all_grants
from tests.support.iam.exceptions import UNCALLED, Uncalled, covering
from tests.support.iam.recorder import RECORDER
from tests.support.iam.statements import functions, statements
from tests.support.template import ROOT

_OUTPUT = "grants"

type Grants = set[tuple[str, Grant]]


def problems(allowed: Grants, used: Grants, exceptions: Iterable[Uncalled] = UNCALLED) -> list[str]:
    """Returns a line for each grant that is never used without being an exception, or that is used as one.

    An exception that covers no grant is a line, too.
    """
    lines = []
    idle = set(exceptions)
    for function, grant in sorted(allowed):
        covers = covering(function, grant, exceptions)
        idle -= set(covers)
        if (function, grant) in used and covers:
            lines.append(f"{function} uses {' '.join(grant)}, which is an exception: {covers[0].reason}")
        elif (function, grant) not in used and not covers:
            lines.append(f"{function} never uses {' '.join(grant)}")
    return lines + [f"{e.function} has no {e.sid} {e.subject} {e.value}, which is an exception" for e in idle]


class Usage:
    """A plugin of pytest: fails a run of all functional tests when the template allows more than they use.

    With xdist, the workers pass what they recorded to the process that they report to.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._is_worker = hasattr(config, "workerinput")
        self._is_selective = any("::" in arg for arg in config.args) or any(
            config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf", "collectonly")
        )
        self._files: set[str] = set()
        self._used: Grants = set()
        self._problems: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._files.add(report.nodeid.partition("::")[0])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        self._used |= {(function, Grant(*grant)) for function, *grant in output.get(_OUTPUT, [])}

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._is_worker:
            used = sorted([function, *grant] for function, grant in RECORDER.used)
            session.config.workeroutput[_OUTPUT] = used  # type: ignore[attr-defined]
        elif exitstatus == pytest.ExitCode.OK and self.ran_all():
            allowed = {(function, g) for function in functions() for g in all_grants(statements(function))}
            self._problems = problems(allowed, self._used | RECORDER.used)
            if self._problems:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._problems:
            terminalreporter.section("policies of template.yaml", red=True)
            for line in self._problems:
                terminalreporter.line(line)

    def ran_all(self) -> bool:
        """Returns whether every file of the functional tests ran, and no option left tests out."""
        files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/functional").rglob("test_*.py")}
        return not self._is_selective and files <= self._files
