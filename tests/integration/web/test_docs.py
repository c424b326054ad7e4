"""/docs, the API reference, in a browser without a token."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import Visits

pytestmark = pytest.mark.integration


def test_a_request_is_sent_from_the_reference(visits: Visits) -> None:
    page = visits.open("docs", token="")
    expect(page.get_by_role("heading", name="Building Vitals")).to_be_visible()
    operation = page.locator(".opblock", has_text="/health")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("lag_seconds")
    visits.picture(page, "docs")
