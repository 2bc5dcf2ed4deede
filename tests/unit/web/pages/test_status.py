"""Whether the gate is well, and what of it only operators see."""

from __future__ import annotations

from datetime import datetime, timedelta

from gate.domain.model.access import Visible
from gate.domain.model.alert import Channel
from gate.domain.model.ids import NodeId
from gate.domain.nodes.node import LOST_AFTER, Node, NodeKind, Process
from gate.store.engine.database import Database
from gate.store.nodes.nodes import record_node
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import NODE
from tests.support.builders.requests import make_key
from tests.support.rows import asked, lease
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


def _join(database: Database, node_id: str, seen_at: datetime) -> None:
    process = Process(NodeId(node_id), NodeKind.WORKER, "a host", 7, "1.2.3", NOW)
    database.transact(lambda tx: record_node(tx, Node(process, seen_at, False, 0)))


def test_operators_see_the_nodes_and_others_do_not(database: Database) -> None:
    """Who is alive, who was lost, and which of them has made the page."""
    _join(database, NODE, NOW)
    _join(database, "silent", NOW - 2 * LOST_AFTER)
    text = Site(database).client.get("/status").text
    assert f'{NODE} <span class="dim">this one</span>' in text
    assert '<span class="state pass">running</span>' in text
    assert '<span class="state fail">lost</span>' in text
    viewer = Viewer("mona", Visible(frozenset({OTHER})))
    site = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: viewer))
    assert "a host" not in site.client.get("/status").text


def test_the_nodes_are_counted_by_state(database: Database) -> None:
    """Each state has its series, with zero as well."""
    _join(database, NODE, NOW)
    _join(database, "silent", NOW - 2 * LOST_AFTER)
    lease(database, asked(database, now=NOW).id)
    asked(database, key=make_key(run_id=2), now=NOW - timedelta(seconds=90))
    text = Site(database).client.get("/metrics").text
    for line in (
        'gate_nodes{state="running"} 1.0',
        'gate_nodes{state="draining"} 0.0',
        'gate_nodes{state="lost"} 1.0',
        'gate_leases{work="requests"} 1.0',
        'gate_leases{work="alerts"} 0.0',
        "gate_due_lag_seconds 90.0",
    ):
        assert line in text.splitlines()
