"""Measure the floor: the same HMACs, durable inserts and posts, done by a bare loop."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from tests.bench.services import SECRET, Rig


def stored_per_second(count: int, body: bytes, group: int) -> float:
    """Check `count` signatures and insert as many rows, `group` to a durable commit."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    with TemporaryDirectory(prefix="gate-floor-") as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE deliveries (id TEXT PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for first in range(0, count, group):
            connection.execute("BEGIN IMMEDIATE")
            for number in range(first, first + group):
                given = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                if not hmac.compare_digest(given, signature):
                    raise ValueError(number)
                connection.execute("INSERT INTO deliveries VALUES (?, ?)", (str(number), body))
            connection.execute("COMMIT")
        seconds = time.perf_counter() - started
        connection.close()
    return count / seconds


def decided_per_second(count: int, body: bytes, deliveries: int, rig: Rig) -> float:
    """Do what a decision cannot do without: check and store its deliveries, post one answer.

    The posts go to the same simulated GitHub, which refuses them for want of a token; that costs
    it less than an answer it takes.
    """
    url = f"{rig.github.url}/repos/o/r/actions/runs/1/deployment_protection_rule"
    session = requests.Session()
    started = time.perf_counter()
    with TemporaryDirectory(prefix="gate-floor-") as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB)")
        for _ in range(count):
            for _ in range(deliveries):
                hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                connection.execute("INSERT INTO deliveries (body) VALUES (?)", (body,))
            session.post(url, json={"environment_name": "e", "state": "approved"}, timeout=10)
        connection.close()
    return count / (time.perf_counter() - started)
