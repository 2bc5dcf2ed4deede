"""Measure how long the service takes to take a report, and what no service could do without."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import jwt
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.bench.decisions import furnish
from tests.bench.services import Rig

FLOWS: Final = 500
_VALIDATION: Final = "production-validation.yml"


def report_body() -> bytes:
    """Write a report of many flows, a tenth of them failed."""
    flows = [
        {
            "flowName": f"flows/part-{number % 7}/flow-{number}.yml",
            "status": "passed" if number % 10 else "failed",
            "exitCode": 0 if number % 10 else 1,
            "error": None if number % 10 else "Assertion failed: " + "element is visible, " * 10,
            "durationSeconds": 21.0,
            "attempts": 1,
        }
        for number in range(FLOWS)
    ]
    report = {
        "schemaVersion": 1,
        "jobUrl": "https://github.com/octo-org/frontend/actions/runs/1",
        "terraformDeploymentId": "deploy-12345",
        "artifactUrls": [],
        "flows": flows,
    }
    return msgspec.json.encode(report)


def taken_in(rig: Rig, count: int) -> list[float]:
    """Report for `count` runs, one after the other; milliseconds from request to answer."""
    (name,) = furnish(rig, 1, "success")
    runs = [rig.github.start_run(name, _VALIDATION) for _ in range(count + 1)]
    rig.github.wait_until_delivered(120)
    body, session = report_body(), requests.Session()
    took = []
    for run_id in runs:
        headers = {
            "Authorization": f"Bearer {rig.github.mint_token(run_id, rig.url)}",
            "Content-Type": "application/json",
        }
        started = time.perf_counter()
        answer = session.post(f"{rig.url}/api/v1/validations", body, headers=headers, timeout=30)
        took.append((time.perf_counter() - started) * 1000)
        if answer.status_code != requests.codes.accepted:
            raise ValueError(answer.text)
    # The first one waits for the issuer's keys.
    return took[1:]


def least_ms(count: int) -> float:
    """Check a signature, decode the body and insert it durably, in a bare loop."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode({"aud": "here", "jti": "x" * 36, "padding": "x" * 1_200}, key, "RS256")
    public, body = key.public_key(), report_body()
    with TemporaryDirectory(prefix="gate-floor-") as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE reports (id INTEGER PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for _ in range(count):
            jwt.decode(token, public, ["RS256"], audience="here")
            decoded: Any = msgspec.json.decode(body)
            if len(decoded["flows"]) != FLOWS:
                raise ValueError
            connection.execute("INSERT INTO reports (body) VALUES (?)", (body,))
        seconds = time.perf_counter() - started
        connection.close()
    return seconds * 1000 / count
