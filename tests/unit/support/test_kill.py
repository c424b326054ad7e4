"""The harness that kills a run at one of its steps."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.kill import Killed, Killer, Moment, at_steps, killed_at


@dataclass
class Table:
    """A client with a write, a read, and what was written."""

    written: list[int] = field(default_factory=list)

    def put_item(self, number: int) -> int:
        self.written.append(number)
        return number

    def query(self) -> list[int]:
        return self.written

    def put_all(self, count: int) -> None:
        for number in range(count):
            self.put_item(number)


def write(client: Any, count: int = 5) -> None:
    for number in range(count):
        assert client.put_item(number) == number


def test_a_run_without_a_moment_is_counted() -> None:
    killer, table = Killer(), Table()
    client = killer.client(table)
    write(client)
    assert client.query() == [0, 1, 2, 3, 4]
    assert (killer.steps, killer.killed) == (5, False)


@at_steps(range(5))
def test_a_client_dies_at_each_step(moment: Moment) -> None:
    killer, table = Killer(moment), Table()
    with pytest.raises(Killed):
        write(killer.client(table))
    assert table.written == list(range(moment.step + moment.after))
    assert killer.killed


@at_steps([5])
def test_a_moment_after_the_run_kills_nothing(moment: Moment) -> None:
    killer, table = Killer(moment), Table()
    write(killer.client(table))
    assert not killer.killed
    assert len(table.written) == 5


def test_no_handler_of_exceptions_catches_a_kill() -> None:
    def stubborn() -> None:
        try:
            write(Killer(Moment(0)).client(Table()))
        except Exception:
            pytest.fail("caught")

    with pytest.raises(Killed):
        stubborn()


def test_a_call_that_raises_may_be_killed_after() -> None:
    def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(Killed):
        Killer(Moment(0, after=True)).step(refuse)()


def test_nothing_is_written_after_a_kill() -> None:
    table = Table()
    client = Killer(Moment(1)).client(table)
    for _ in range(3):
        with pytest.raises(Killed):
            write(client)
    assert table.written == [0]


def test_other_threads_of_a_killed_run_end() -> None:
    killer, table, gate = Killer(Moment(10, after=True)), Table(), threading.Barrier(4)
    client = killer.client(table)

    def work(_: int) -> None:
        gate.wait(timeout=10)
        write(client, 1_000)

    with ThreadPoolExecutor(4) as pool:
        errors = [future.exception() for future in [pool.submit(work, number) for number in range(4)]]
    assert all(isinstance(error, Killed) for error in errors)
    assert killer.killed
    # Besides the killed step, each other thread may have had one under way.
    assert 11 <= len(table.written) == killer.steps


def test_only_the_methods_named_are_steps() -> None:
    killer, table = Killer(), Table()
    client = killer.client(table, ["query"])
    write(client)
    client.query()
    assert killer.steps == 1


@pytest.mark.parametrize("call", [1, 3])
@pytest.mark.parametrize("after", [False, True])
def test_a_patched_method_dies_once_and_is_restored(call: int, after: bool) -> None:
    table = Table()
    with killed_at(Table, "put_item", call=call, after=after):
        table.put_all(5)
    assert table.written == list(range(call - 1 + after))
    table.put_all(5)
    assert table.written[-5:] == [0, 1, 2, 3, 4]


def test_a_step_within_a_step_may_be_killed() -> None:
    table, killer = Table(), Killer(Moment(2))
    with pytest.raises(Killed), killer.patched(Table, "put_all", "put_item"):
        table.put_all(5)
    assert table.written == [0]


def test_a_step_never_reached_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), killed_at(Table, "put_item", call=6):
        Table().put_all(5)


def test_an_error_of_the_code_itself_passes() -> None:
    with pytest.raises(ZeroDivisionError), killed_at(Table, "query", call=2):
        _ = 1 / 0


def test_moments_are_named_in_the_ids() -> None:
    assert at_steps([0, 5]).kwargs["ids"] is str
    assert [str(moment) for moment in at_steps([0, 5]).args[1]] == [
        "before step 0",
        "after step 0",
        "before step 5",
        "after step 5",
    ]
