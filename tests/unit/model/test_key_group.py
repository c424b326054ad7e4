"""Names of key groups, and of their secrets."""

import pytest

from vitals.errors import InvalidRequestError
from vitals.model.key_group import DEFAULT_GROUP, check_key_group, secret_name


@pytest.mark.parametrize("group", ["a", "north-2", "x" * 32, DEFAULT_GROUP])
def test_a_valid_name_is_returned(group: str) -> None:
    assert check_key_group(group) == group


@pytest.mark.parametrize("group", ["", "North", "a b", "a/b", "a_b", "ä", "x" * 33, "a\n"])
def test_an_invalid_name_is_refused(group: str) -> None:
    with pytest.raises(InvalidRequestError, match="a key group must have 1 to 32"):
        check_key_group(group)


def test_the_default_group_has_the_stacks_secret() -> None:
    assert secret_name("stack/ace-api-key", DEFAULT_GROUP) == "stack/ace-api-key"
    assert secret_name("stack/ace-api-key", "north") == "stack/ace-api-key-north"
