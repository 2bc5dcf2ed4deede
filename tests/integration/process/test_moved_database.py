"""The service goes on with another kind of database, as if it had never had the first one."""

from __future__ import annotations

import json

from tests.integration.process.database_steps import (
    command,
    hold,
    incidents,
    segments,
    turn_green,
)
from tests.integration.process.service_process import Process
from tests.support.harness import REPOSITORY
from tests.support.postgres import PostgresServer


def test_what_waits_is_moved_and_answered(process: Process, server: PostgresServer) -> None:
    """Held deployments and open incidents come along, and the trail goes on without a break."""
    process.start()
    process.github.validate(REPOSITORY, "failure")
    run_ids = [hold(process), hold(process)]
    process.wait(lambda: incidents(process) == ["open"], "the incident")
    process.stop()
    with server.empty_database() as url:
        document = json.loads(command(process, "database", "copy", "--to", url, "--json"))
        rows = {it["table"]: it["copied_rows"] for it in document["tables"]}
        assert (rows["gate_requests"], rows["incidents"]) == (2, 1)
        (chain,) = document["chains"]
        assert chain["intact"]
        process.environ["GATE_DATABASE_URL"] = url
        process.start()
        assert incidents(process) == ["open"]
        later = hold(process)
        turn_green(process, *run_ids, later)
        process.wait(lambda: incidents(process) == ["resolved"], "the end of the incident")
        assert segments(process) == [(1, "nothing_known")]
        assert sorted(opened(process)) == sorted([*run_ids, later])
        process.stop()


def opened(process: Process) -> list[int]:
    """List the runs whose requests the trail opens, once for each time.

    A sweep may find a deployment at GitHub before its webhook is read: then it is adopted.
    """
    entries = [json.loads(it) for it in command(process, "audit", "export").splitlines()]
    openings = {"request.opened", "request.reopened", "request.adopted"}
    return [it["run_id"] for it in entries if it["kind"] in openings]
