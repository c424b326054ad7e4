"""Finds the API address and the token."""

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
    """Returns the arguments, else VITALS_API and VITALS_TOKEN, else those of the local stack.

    The stack's file is searched for in `folder` (by default the working directory) and its parents, there in
    `.local` or what VITALS_HOME names.
    """
    if (api is None) != (token is None):
        raise SetupError("pass both api and token, or neither")
    if api is None or token is None:
        api, token = environ.get("VITALS_API", ""), environ.get("VITALS_TOKEN", "")
        if bool(api) != bool(token):
            raise SetupError("set both VITALS_API and VITALS_TOKEN, or neither")
        if not api:
            api, token = _local_stack(environ.get("VITALS_HOME") or ".local", folder or Path.cwd())
    if not _is_address(api):
        raise SetupError(f"the API address must look like https://host/v1, not {api!r}")
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise SetupError("the token must be printable ASCII without spaces")
    return api.rstrip("/"), token


def _is_address(api: str) -> bool:
    try:
        url = urlsplit(api)
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        # Brackets that do not close, or a port out of range.
        return False


def _local_stack(home: str, folder: Path) -> tuple[str, str]:
    candidates = (parent / home / _STACK_FILE for parent in (folder, *folder.parents))
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is None:
        raise SetupError(
            "no API is configured; set VITALS_API and VITALS_TOKEN, or start a local stack with `make up` "
            "and work in its folder"
        )
    try:
        stack = json.loads(file.read_text())
        return str(stack["api"]), str(stack["token"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{file} is not a valid stack file: {error!r}") from None
