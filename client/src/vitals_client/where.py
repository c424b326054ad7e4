"""Where the API is, and with which token it is asked."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from vitals_client.errors import SetupError

_STACK_FILE = "stack.json"


def api_and_token(
    api: str | None = None,
    token: str | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[str, str]:
    """What is given, else VITALS_API and VITALS_TOKEN, else those of the local stack that is up.

    The stack's file is looked for from `folder`, the working directory, upward; VITALS_HOME names where a
    stack keeps it.
    """
    if (api is None) != (token is None):
        raise SetupError("api and token belong together; only one of them is given")
    if api is None or token is None:
        api, token = environ.get("VITALS_API", ""), environ.get("VITALS_TOKEN", "")
        if bool(api) != bool(token):
            raise SetupError("VITALS_API and VITALS_TOKEN belong together; only one of them is given")
        if not api:
            api, token = _of_stack(environ.get("VITALS_HOME") or ".local", folder or Path.cwd())
    if not _is_address(api):
        raise SetupError(f"the API's address is one like https://host/v1, unlike {api!r}")
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise SetupError("the token is empty or holds blanks or signs that no token has")
    return api.rstrip("/"), token


def _is_address(api: str) -> bool:
    try:
        parts = urlsplit(api)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Brackets that don't close, or a port that is none.
        return False


def _of_stack(home: str, folder: Path) -> tuple[str, str]:
    found = next(
        (file for each in (folder, *folder.parents) if (file := each / home / _STACK_FILE).is_file()), None
    )
    if found is None:
        raise SetupError(
            "no API is known: set VITALS_API and VITALS_TOKEN, or bring a local stack up with `make up` and "
            "work in its folder"
        )
    try:
        stack = json.loads(found.read_text())
        return str(stack["api"]), str(stack["token"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{found} does not tell of a stack: {error!r}") from None
