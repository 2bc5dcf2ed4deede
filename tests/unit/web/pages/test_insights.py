"""The insights: values, honest words where there are few, and nobody else's repositories."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.model.access import NOTHING
from gate.store.engine.database import Database
from gate.web.pages.charts import draw_bars
from gate.web.viewers import Viewer, Viewers
from tests.store.statistics.test_record import on_trail, opened
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
    assert "10 min" in page
    assert "Too few to compare: 4, and 0 in the 7 days before." in page
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
    assert "0 of 0 incidents" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [("period=8d", "period"), ("repository=a/b", "repository"), ("environment=%00", "environment")],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_name(
    site: Site, query: str, field: str
) -> None:
    """Not answered with an empty page."""
    answer = site.client.get(f"/insights?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert f"{field}" in answer.text.split("<h1>")[1]


def test_a_chart_has_nothing_that_the_policy_forbids() -> None:
    """No style, script, comment or name of its own."""
    drawn = str(draw_bars("Label", ("a", "b", "<c>"), (1, 2, 3)))
    assert drawn.startswith("<svg ")
    assert drawn.count('class="rect') == 3
    assert not [it for it in ("<style", "<script", "style=", "<!--", "id=", "<c>") if it in drawn]
    assert draw_bars("Label", ("a", "b"), (1, 2)) is None
