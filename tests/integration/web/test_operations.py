"""The pages that keep a store in order, on the stack: coverage, backfills and status."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.support.browser import PHONE, Visits
from tests.support.stack import invoke_archival, token_for
from tests.support.stack_backfills import api, days_ago, ended, site, slow_upstream
from vitals_client.backfills import Backfills

__all__ = ["api", "site"]

pytestmark = pytest.mark.integration

RUN_MS = 120_000
STATUS = re.compile(r"/status$")


def written(day: str) -> str:
    """How the page begins to write a day: Mon 7 Sep, of Mon 7 Sept 2026."""
    moment = date.fromisoformat(day)
    return f"{moment:%a} {moment.day} {moment:%b}"


def after(day: str, days: int = 1) -> str:
    return str(date.fromisoformat(day) + timedelta(days))


def cell(page: Page, day: str) -> Any:
    return page.get_by_role("grid").get_by_role("button", name=written(day))


def fill(page: Page, first: str, last: str) -> None:
    page.get_by_label("First day").fill(first)
    page.get_by_label("Last day").fill(last)


def test_a_backfill_is_started_and_followed_to_completion(visits: Visits, api: Backfills) -> None:
    day = days_ago(3)
    page = visits.open("#/backfills")
    fill(page, day, day)
    page.get_by_label("Also days that are complete").check()
    page.get_by_role("button", name="Dry run").click()
    form = page.get_by_role("form", name="New backfill")
    expect(form).to_contain_text("1 day to read")
    expect(form).to_contain_text("1 request")
    with slow_upstream(0.5):
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("article").get_by_role("status")).to_have_text("running")
        hours = page.get_by_role("row", name=written(day)).get_by_text("/24")
        expect(hours).to_have_text(re.compile(r"^([1-9]|1\d|2[0-3])/24$"))
        visits.picture(page, "backfill-running")
    expect(page.get_by_role("article").get_by_role("status")).to_have_text("succeeded", timeout=RUN_MS)
    [run_id] = re.findall(r"run=([0-9a-f-]{36})", page.url)
    [receipt] = api.get(run_id)["days"]
    row = page.get_by_role("row", name=written(day))
    expect(row).to_contain_text("done")
    expect(row).to_contain_text("24/24")
    expect(row).to_contain_text(f"{receipt['samples']:,}")
    visits.picture(page, "backfill")
    page.get_by_role("link", name="All backfills").click()
    newest = page.get_by_role("row").nth(1)
    expect(newest).to_contain_text("succeeded")
    expect(newest).to_contain_text("forced")
    visits.picture(page, "backfills")


def test_a_running_backfill_is_opened_cancelled_and_repeated(
    visits: Visits, api: Backfills, site: str
) -> None:
    visits.allow("answer 409 POST /backfill/start$")
    day = days_ago(8)
    with slow_upstream(3.0):
        run_id = api.start(site, day, day, force=True)["id"]
        page = visits.open(f"#/backfills?site={site}&start={day}&end={day}")
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("alert")).to_contain_text("is already running")
        visits.picture(page, "backfill-refused")
        page.get_by_role("link", name="Open the running backfill").click()
        page.wait_for_url(re.compile(f"run={run_id}"))
        page.get_by_role("button", name="Cancel the run").click()
        expect(page.get_by_role("button", name="No, continue")).to_be_focused()
        visits.picture(page, "backfill-cancel")
        page.get_by_role("button", name="Yes, cancel").click()
        status = page.get_by_role("article").get_by_role("status")
        expect(status).to_have_text(re.compile("^cancell(ing|ed)$"))
        # A day of which the rest takes less than a second is read to its end.
        expect(status).to_have_text("cancelled", timeout=RUN_MS)
    page.get_by_role("link", name="Backfill again").first.click()
    expect(page.get_by_label("First day")).to_have_value(day)
    expect(page.get_by_label("Also days that are complete")).to_be_checked()
    assert ended(api, run_id)["status"] == "cancelled"


def test_a_token_without_the_scope_gets_advice(stack: dict[str, Any], visits: Visits, site: str) -> None:
    visits.allow("answer 403 POST /backfill/start$")
    page = visits.open("#/backfills", token=token_for(stack, "page-read", "read", site))
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("alert")).to_contain_text("a token with the scope backfill")


def test_a_day_of_the_map_opens_in_explore(visits: Visits, site: str) -> None:
    day = days_ago(1)
    opened = re.compile(rf"#/explore\?site={site}&from={day}T00%3A00%3A00Z&to={after(day)}T00%3A00%3A00Z$")
    page = visits.open("#/coverage")
    cell(page, day).click()
    chosen = page.get_by_role("region", name="The chosen day")
    expect(chosen).to_contain_text(written(day))
    expect(chosen).to_contain_text(re.compile("windows.*Samples.*Archive", re.DOTALL))
    visits.picture(page, "coverage")
    chosen.get_by_role("link", name="Open this day").click()
    expect(page).to_have_url(opened)
    page.go_back()
    expect(cell(page, day)).to_have_attribute("aria-current", "true")
    page.reload()
    expect(cell(page, day)).to_have_attribute("aria-current", "true")


def test_the_map_is_walked_through_by_keys(visits: Visits) -> None:
    day = days_ago(1)
    page = visits.open(f"#/coverage?day={day}")
    cell(page, day).focus()
    for key, days in [("ArrowLeft", -1), ("ArrowLeft", -2), ("ArrowRight", -1)]:
        page.keyboard.press(key)
        expect(cell(page, after(day, days))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/explore.*from={after(day, -1)}T"))


def test_a_finding_opens_its_chart(stack: dict[str, Any], visits: Visits, site: str) -> None:
    invoke_archival(stack, {"site": site, "date": days_ago(2)})
    # The day before it may not be archived.
    visits.allow(r"answer 404 GET /sites/.*/quality")
    page = visits.open("#/quality")
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    page.get_by_role("button", name="Point").click()
    expect(page.get_by_role("columnheader", name="Point")).to_have_attribute("aria-sort", "ascending")
    visits.picture(page, "quality")
    page.get_by_role("button", name=re.compile("^Stuck")).click()
    expect(page).to_have_url(re.compile(r"finding=stuck"))
    rows.nth(1).get_by_role("link").click()
    expect(page).to_have_url(re.compile(rf"#/explore\?site={site}&point=.*&from=.*&to="))
    page.go_back()
    page.get_by_role("button", name="Previous day").click()
    expect(page).to_have_url(re.compile(r"date=\d{4}-\d\d-\d\d"))


def unpolled_days(stack: dict[str, Any], site: str, first: str, last: str) -> dict[str, int]:
    """The days of which windows that the sync has passed were never polled, with how many were."""
    answer = requests.get(
        f"{stack['api']}/sites/{site}/coverage",
        params={"start": first, "end": after(last)},
        headers={"Authorization": f"Bearer {stack['token']}"},
        timeout=40,
    ).json()
    return {
        day["date"]: day["windows_polled"]
        for day in answer["days"]
        if day["windows_polled"] < day["windows_expected"]
    }


def test_unpolled_days_are_offered_as_one_backfill(
    stack: dict[str, Any], visits: Visits, api: Backfills, site: str
) -> None:
    # With an older day in store the days after it are no longer before the first.
    older = days_ago(8)
    assert ended(api, api.start(site, older, older)["id"])["status"] == "succeeded"
    missing = unpolled_days(stack, site, older, days_ago(1))
    # Other tests store some hours of some of these days.
    day = min(missing, key=lambda date: missing[date])
    page = visits.open(f"#/coverage?site={site}")
    expect(cell(page, day)).to_have_accessible_name(re.compile("not polled|with unpolled windows"))
    cell(page, day).click()
    visits.picture(page, "coverage-unpolled")
    page.get_by_role("link", name=re.compile("Backfill th(is day|ese days)")).click()
    expect(page.get_by_label("First day")).to_be_visible()
    first, last = page.get_by_label("First day").input_value(), page.get_by_label("Last day").input_value()
    assert first <= day <= last
    run, date_text = set(), first
    while date_text <= last:
        run.add(date_text)
        date_text = after(date_text)
    assert run <= missing.keys()
    assert not {after(first, -1), after(last)} & missing.keys()


def test_the_status_has_the_numbers_of_the_api(stack: dict[str, Any], visits: Visits, site: str) -> None:
    page = visits.blank()
    with page.expect_response(STATUS) as answered:
        page.goto(f"{visits.address}#/status?site={site}")
    content = answered.value.json()
    [status] = [entry for entry in content["sites"] if entry["site_name"] == site]
    ours = page.get_by_role("region", name=status["display_name"], exact=True)

    def figure(name: str) -> Any:
        return ours.get_by_role("region", name=name)

    expect(figure("Rejected readings")).to_contain_text(f"{sum(status['rejected'].values()):,}")
    for reason, count in status["rejected"].items():
        if count:
            expect(figure("Rejected readings").get_by_role("row", name=reason)).to_contain_text(f"{count:,}")
    expect(figure("Unarchived days").locator("strong").first).to_have_text(f"{status['unarchived_count']:,}")
    expect(figure("Lag")).to_contain_text("late" if status["late"] else "on time")
    for name, count in content["dead_letters"].items():
        queue = page.get_by_role("region", name=f"{name.capitalize()}DeadLetters")
        expect(queue.locator("strong").first).to_have_text(str(count))
    visits.picture(page, "status")
    if status["unarchived_days"]:
        figure("Unarchived days").get_by_role("link").first.click()
        expect(cell(page, status["unarchived_days"][0])).to_have_attribute("aria-current", "true")


def test_a_site_token_sees_no_dead_letters(stack: dict[str, Any], visits: Visits, site: str) -> None:
    page = visits.open("#/status", token=token_for(stack, "page-one-site", "read", site))
    expect(page.get_by_role("main")).to_contain_text("Only tokens for every site can see dead letters.")


def test_problems_are_shown_with_advice(visits: Visits, site: str) -> None:
    def troubled(route: Route) -> None:
        content = route.fetch().json()
        content["sites"][0] |= {"late": True, "overdue": True, "lag_seconds": 7_200}
        content["sites"][0] |= {"upstream_paused_until": "2999-01-01T00:00:00Z"}
        content["sites"][0] |= {"unarchived_days": ["2020-01-01"], "unarchived_count": 1_234}
        content["sites"][0] |= {"rejected": {"not_a_number": 4_321, "null": 0}}
        route.fulfill(json=content | {"dead_letters": {"sync": 2, "archive": 0, "export": 1}})

    page = visits.blank(viewport=PHONE, color_scheme="dark")
    page.route(STATUS, troubled)
    page.goto(f"{visits.address}#/status?site={site}")
    main = page.get_by_role("main")
    for text in (
        "5 problems",
        "is 2 h behind",
        "4,321",
        "the value is not a number",
        "1,234",
        "archiving failed",
        "paused until 1 Jan 2999",
        "<ARN of SyncDeadLetters>",
        "<ARN of ExportDeadLetters>",
    ):
        expect(main).to_contain_text(text)
    expect(main).not_to_contain_text("<ARN of ArchiveDeadLetters>")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    visits.picture(page, "status-troubled")
