"""Key groups: the sites of one group share a key of ACE and its rate."""

import re

from vitals.errors import InvalidRequestError

DEFAULT_GROUP = "default"
"""The group of sites that name none; its key is that of the stack."""
_GROUP = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def check_key_group(group: str) -> str:
    """Returns the name; raises InvalidRequestError when it cannot be part of a secret's name."""
    if not _GROUP.fullmatch(group):
        raise InvalidRequestError("a key group must have 1 to 32 lowercase letters, digits and dashes")
    return group


def secret_name(default_secret: str, group: str) -> str:
    """Returns the name of the secret with the key of a group, from that of the default group."""
    return default_secret if group == DEFAULT_GROUP else f"{default_secret}-{group}"
