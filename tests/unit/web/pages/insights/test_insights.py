"""The insights: values, honest words where there are few, and nobody else's repositories."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gate.domain.model.access import NOTHING
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.metrics import MOST_FLOWS
from gate.store.engine.database import Database
from gate.store.reports.reports import record_report
from gate.web.pages.insights.charts import draw_bars
from gate.web.viewers import Viewer, Viewers
from tests.store.statistics.on_record import judged, on_trail, opened, told_at_length
from tests.support.builders.defaults import INSTALLATION
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_key
from tests.support.rows import asked
from tests.unit.web.conftest import NOW, Site

HOSTILE = "<script>alert(1)</script>\u202e"


def test_an_empty_record_is_said_in_sentences(site: Site) -> None:
    """No chart of nothing, and no zero where nothing was measured."""
    answer = site.client.get("/insights")
    assert answer.status_code == 200
    assert "no data" in answer.text
    assert "<svg" not in answer.text
    assert "report-validation" in answer.text


def test_values_are_shown_with_counts_and_definitions(database: Database, site: Site) -> None:
    """A chart has a label and a table behind it; hostile names are harmless."""
    for days in range(1, 5):
        opened(database, at=NOW - timedelta(days=days))
    on_trail(database, "override.recorded", at=NOW, actor=HOSTILE)
    page = site.client.get("/insights?period=7d").text
    assert '<span class="dim">median</span> 10 min</p>' in page
    assert "Not compared" not in page
    assert "2026-02-24 to <time" in page
    assert "Too few to compare: 4 now, 0 in the 7 days before." in page
    assert 'role="img"' in page
    assert "<summary>Table<span" in page
    assert "Of the resolved incidents, those that needed no rollback and no fix." in page
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page


def test_the_page_does_not_change_within_a_minute(database: Database, site: Site) -> None:
    """Charts carry no random names: a browser that has the page is sent nothing."""
    for days in range(1, 5):
        opened(database, at=NOW - timedelta(days=days))
    first = site.client.get("/insights")
    again = site.client.get("/insights", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_what_may_not_be_seen_is_not_counted(database: Database) -> None:
    """Neither in a number nor by name."""
    opened(database, at=NOW - timedelta(days=1))
    on_trail(database, "override.recorded", at=NOW, actor="octavia")
    viewer = Viewer("mallory", NOTHING)
    site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    page = site.client.get("/insights").text
    assert "octavia" not in page
    assert "0 of 0 incidents acknowledged, decided, silenced, overridden or closed" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=8d", "period must be one of 7d, 30d, 90d."),
        ("repository=a/b", "repository must be one that you may see, such as: none yet."),
        ("environment=%00", "environment must be text"),
        ("colour=red", "colour is not a filter of this page"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_name(
    site: Site, query: str, field: str
) -> None:
    """Not answered with an empty page."""
    answer = site.client.get(f"/insights?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert field in answer.text.split("<h1>")[1]
    assert '<a href="/insights">Show the page without filters</a>' in answer.text


def test_an_environment_without_a_record_is_named(site: Site) -> None:
    """Its name may be misspelled."""
    told = "No record of an environment called <bdi>nope</bdi>"
    assert told in site.client.get("/insights?environment=nope").text
    assert "No record" not in site.client.get("/insights").text


def test_a_chart_has_nothing_that_the_policy_forbids() -> None:
    """No style, script, comment or name of its own."""
    drawn = str(draw_bars("Label", ("a", "b", "<c>"), (1, 2, 3)))
    assert drawn.startswith("<svg ")
    assert drawn.count('class="rect') == 3
    assert not [it for it in ("<style", "<script", "style=", "<!--", "id=", "<c>") if it in drawn]
    assert draw_bars("Label", ("a", "b"), (1, 2)) is None


@pytest.mark.parametrize(
    ("values", "top", "scale"),
    [
        ((0, 0, 0), None, None),
        ((None, 5, 6), None, None),
        ((0, 0, 0), 100, ["0", "50", "100"]),
        ((1, 2, 13), None, ["0", "10", "20"]),
        ((0.5, 0.25, 0), None, ["0", "0.6"]),
        ((999, 1, 1), None, ["0", "500", "1000"]),
    ],
)
def test_a_scale_is_round_and_reaches_the_highest_bar(
    values: tuple[float | None, ...], top: float | None, scale: list[str] | None
) -> None:
    """A share is always of a hundred; of zeros there is nothing to draw."""
    drawn = draw_bars("Label", ("a", "b", "c"), values, top)
    if scale is None:
        assert drawn is None
    else:
        numbers = re.findall(r">([\d.]+)</text>", str(drawn))
        assert numbers == scale


def test_every_bar_is_a_day_and_its_value_is_in_the_table(database: Database, site: Site) -> None:
    """Whole days, the last of which is today; weeks where there are many."""
    for days in range(4):
        opened(database, at=NOW - timedelta(days=days))
    week = panel(site.client.get("/insights?period=7d").text, "Incidents")
    assert 'aria-label="Incidents by day"' in week
    shown = [f"{NOW - timedelta(days=it):%b} {(NOW - timedelta(days=it)).day}" for it in range(4)]
    assert re.findall(r'<th scope="row">(.*?)</th>', week) == shown[::-1]
    quarter = panel(site.client.get("/insights?period=90d").text, "Incidents")
    assert quarter.count('class="rect') == 13
    assert "Too few weeks with data" in panel(
        site.client.get("/insights?period=90d").text, "Time to decide"
    )


def test_times_are_drawn_in_a_unit_that_people_read(database: Database, site: Site) -> None:
    """Ten minutes are not a seventh of an hour."""
    for days in range(4):
        opened(database, at=NOW - timedelta(days=days))
    shown = panel(site.client.get("/insights?period=7d").text, "Time to decide")
    assert 'aria-label="Time to decide by day, median in minutes"' in shown
    assert "By day, median in minutes" in shown


def test_days_before_now_are_compared_up_to_the_same_time(database: Database, site: Site) -> None:
    """What happened seven days ago a minute later than now is in neither period."""
    week = timedelta(days=7)
    opened(database, at=NOW - week - timedelta(minutes=1))
    opened(database, at=NOW - week + timedelta(minutes=2))
    page = site.client.get("/insights?period=7d").text
    assert "Too few to compare: 0 now, 1 in the 7 days before." in panel(page, "Incidents")


def flaked(database: Database, day: int, repository: int, **flows: str) -> None:
    """Let a run report its flows some days ago."""
    report = make_validation_report(
        *(make_flow(name, FlowStatus(status)) for name, status in flows.items()),
        repository_id=RepositoryId(repository),
        run_id=RunId(1000 * day + repository),
        reported_at=NOW - timedelta(days=day),
    )
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))


def test_a_flaky_flow_is_compared_with_itself(database: Database, site: Site) -> None:
    """Whether or not it was among the flakiest then, was steady, or did not run at all."""
    for repository in range(2, 2 + MOST_FLOWS):
        flaked(database, 8, repository, a="flaky")
        flaked(database, 9, repository, a="flaky")
    flaked(database, 8, 50, shaky="flaky", steady="passed")
    flaked(database, 1, 50, shaky="flaky", steady="flaky", new="flaky")
    page = site.client.get("/insights?period=7d").text.split("<h2>Flaky flows</h2>")[1]
    rows = dict(re.findall(r"<bdi>(\w+)</bdi></th>(.*?)</tr>", page))
    before = {name: re.findall(r'<td class="num">(.*?)</td>', it)[-1] for name, it in rows.items()}
    assert before == {"shaky": "1 of 1", "steady": "0 of 1", "new": "no data"}


def test_the_longest_held_environments_are_listed(database: Database, site: Site) -> None:
    """Not the first by name; that some are left out is said."""
    for number in range(52):
        name = f"place-{number:02}"
        at = NOW - timedelta(minutes=5 + number)
        judged(database, asked(database, key=make_key(environment=name), environment=name, now=at))
    page = site.client.get("/insights?period=7d").text.split("<h2>Time held, by environment</h2>")[
        1
    ]
    shown = re.findall(r"<bdi>(place-\d\d)</bdi>", page)
    assert shown == [f"place-{number:02}" for number in reversed(range(2, 52))]
    assert "The 50 environments with the longest total are listed; 2 more are not." in page


def test_those_who_released_most_are_listed(database: Database, site: Site) -> None:
    """That some are left out is said."""
    for number in range(51):
        on_trail(database, "override.recorded", at=NOW, actor=f"person-{number:02}")
    on_trail(database, "override.recorded", at=NOW, actor="person-50", run_id=RunId(602))
    page = site.client.get("/insights?period=7d").text.split("<h2>Overrides and bypasses,")[1]
    shown = re.findall(r"<bdi>(person-\d\d)</bdi>", page)
    assert shown == ["person-50", *(f"person-{number:02}" for number in range(49))]
    assert "The 50 rows with the most requests are listed; 1 more is not." in page


def test_flows_of_which_too_much_is_told_are_counted_for_less_time(
    database: Database, site: Site
) -> None:
    """The page says since when, and compares nothing."""
    flaked(database, 1, 50, a="flaky")
    assert "too long to count" not in site.client.get("/insights?period=7d").text
    told_at_length(database, 80, NOW)
    page = site.client.get("/insights?period=7d").text
    assert page.count("flows are counted since") == 2
    heat = page.split('<table class="heat">')[1].split("</thead>")[0]
    assert heat.count('<th scope="col">') - 1 < 7
    table = page.split("<h2>Flaky flows</h2>")[1]
    assert '<th scope="col">Before</th>' not in table


def test_the_page_refreshes_itself(site: Site) -> None:
    """Like the others."""
    assert 'data-live="yes"' in site.client.get("/insights").text


def panel(page: str, title: str) -> str:
    """Cut a metric's panel out of the page."""
    return page.split(f"<h2>{title}</h2>")[1].split("</article>", maxsplit=1)[0]
