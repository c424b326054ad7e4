"""The command `vitals`, run in process."""

from collections.abc import Callable

from typer.testing import CliRunner, Result

from vitals_client.cli import app

type Vitals = Callable[..., Result]


def command(url: str, token: str) -> Vitals:
    def run(*arguments: str, **variables: str) -> Result:
        environ = {"VITALS_API": url, "VITALS_TOKEN": token, "COLUMNS": "80"} | variables
        return CliRunner().invoke(app, arguments, env=environ, prog_name="vitals")

    return run


def out(done: Result, code: int = 0) -> str:
    assert done.exit_code == code, done.output
    return done.stdout
