"""Measure the floor on PostgreSQL: the same HMACs, durable inserts and posts, by a bare loop."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
import requests

from tests.bench.services import SECRET

_CREATE: Final = "CREATE TABLE floor (id BIGSERIAL PRIMARY KEY, body BYTEA)"
_INSERT: Final = "INSERT INTO floor (body) VALUES (%b)"


def stored_per_second(database_url: str, count: int, body: bytes, group: int) -> float:
    """Check `count` signatures and insert as many rows, `group` to a durable commit."""
    with _connected(database_url) as connection:
        started = time.perf_counter()
        for _ in range(0, count, group):
            for _ in range(group):
                hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            with connection.cursor() as cursor:
                cursor.executemany(_INSERT, [(body,)] * group)
            connection.commit()
        return count / (time.perf_counter() - started)


def decided_per_second(database_url: str, api: str, count: int, deliveries: int) -> float:
    """Do what a decision cannot do without: check and store its deliveries, post one answer.

    The posts go to the same simulated GitHub, which refuses them for want of a token.
    """
    body = b"x" * 6_000
    url = f"{api}/repos/o/r/actions/runs/1/deployment_protection_rule"
    session = requests.Session()
    with _connected(database_url) as connection:
        started = time.perf_counter()
        for _ in range(count):
            for _ in range(deliveries):
                hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                connection.execute(_INSERT, (body,))
                connection.commit()
            session.post(url, json={"environment_name": "e", "state": "approved"}, timeout=10)
        return count / (time.perf_counter() - started)


@contextmanager
def _connected(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url.replace("+psycopg", "", 1)) as connection:
        connection.execute(_CREATE)
        connection.commit()
        try:
            yield connection
        finally:
            connection.execute("DROP TABLE floor")
            connection.commit()
