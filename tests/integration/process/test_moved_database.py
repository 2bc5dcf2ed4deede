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
        assert command(process, "audit", "export").count("request.adopted") == 0
        process.stop()
