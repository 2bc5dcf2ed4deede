"""Whether the gate is well, and what of it only operators see."""

from __future__ import annotations

from datetime import timedelta

from gate.domain.model.access import Visible
from gate.domain.model.alert import Channel
from gate.store.engine.database import Database
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.requests import make_key
from tests.support.rows import asked
from tests.unit.web.conftest import NOW, Site, failing
from tests.unit.web.pages.board.test_board import OTHER, SHOP


def test_an_idle_gate_is_well(site: Site) -> None:
    """Nothing waits, and every measure has its runbook."""
    site.quota.update({None: 5000, 77: 5000})
    text = site.client.get("/status").text
    assert "The gate is well" in text
    assert '<a href="/runbooks/gate-quota-low">GateQuotaLow</a>' in text
    assert "GitHub quota of installation 77" in text
    assert ", on sqlite" in text


def test_a_channel_without_settings_is_neither_good_nor_bad(site: Site) -> None:
    """The others are judged."""
    site = Site(site.database, channels={Channel.WEBHOOK})
    text = " ".join(site.client.get("/status").text.split())
    assert 'Outbox of slack</th><td><span class="dim">not configured</span></td>' in text
    assert 'Outbox of webhook</th><td><span class="state pass">good</span></td>' in text
    assert "The gate is well" in text


def test_a_long_wait_and_a_low_quota_are_warnings(site: Site) -> None:
    """By the limits of the Prometheus rules."""
    asked(site.database, now=NOW - timedelta(hours=20, minutes=1))
    site.quota[77] = 499
    text = site.client.get("/status").text
    assert "The gate needs attention" in text
    assert "20 h 1 min, 1 in all" in text
    assert text.count('<span class="state hold">warning</span>') == 3


def test_a_failed_check_is_critical(site: Site) -> None:
    """Such as a worker that has ended."""
    site.status_checks["worker"] = failing("worker_stopped")
    text = site.client.get("/status").text
    assert "The gate is not well" in text
    assert '<span class="state fail">fails</span>' in text


def test_one_tenant_sees_no_numbers_of_another(database: Database) -> None:
    """Neither quota nor counts nor names, only the state."""
    asked(database, key=make_key(repository_id=SHOP), now=NOW - timedelta(hours=21))
    viewer = Viewer("mona", Visible(frozenset({OTHER})))
    site = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: viewer))
    site.quota.update({77: 499, 88: 5000})
    text = site.client.get("/status").text
    assert "installation" not in text.split("<table", 1)[1]
    assert "499" not in text
    assert "21 h" not in text
    assert "GitHub quota" in text
    assert "sqlite" not in text
