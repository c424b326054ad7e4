"""The credentials of an Authorization header."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer.credentials import Credentials, credentials


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer authToken=", "BEARER authToken="])
def test_a_bearer_token_in_any_case(scheme: str) -> None:
    separator = "" if scheme.endswith("=") else " "
    assert credentials(f"{scheme}{separator}vitals_a-B.1") == Credentials("vitals_a-B.1")


@pytest.mark.parametrize("user", ["", "su", "any body"])
def test_the_password_of_basic_is_the_token(user: str) -> None:
    for scheme in ("Basic", "basic", "BASIC"):
        assert credentials(f"{scheme} {basic(f'{user}:a:b')}") == Credentials("a:b", is_basic=True)


OTHERS = ["", "Bearer", "Bearer ", "Bearer  a", "Bearer a b", "bearer\ta", "SCRAM a", "a"]
BROKEN = ["Basic", "Basic !", "Basic YQ", "Basic YQ==", "Basic /w==", f"Basic {basic('user:')}"]


@pytest.mark.parametrize("header", [*OTHERS, *BROKEN])
def test_another_header_has_none(header: str) -> None:
    assert credentials(header) is None


@given(st.text(max_size=30))
def test_no_header_does_more_than_fail(header: str) -> None:
    for scheme in ("", "Bearer ", "Basic "):
        credentials(scheme + header)
