"""Play the demo once, and keep its gate up for a look around."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import requests

from gate.demo.neighbors import NEIGHBORS
from gate.demo.ready import REPOSITORY
from gate.demo.scenes import SCENES
from gate.demo.stage import Stage, set_stage
from gate.demo.story import perform
from gate.web.door.server import free_port

SECONDS: Final = 10


@contextmanager
def played_story() -> Iterator[Stage]:
    """Play all scenes, and yield the stage as they leave it."""
    with set_stage(free_port("127.0.0.1", 0)) as stage:
        played = list(perform(stage, (*SCENES, *NEIGHBORS)))
        assert all(seen.ok for _, seen in played), played
        yield stage


def list_pages(stage: Stage) -> dict[str, str]:
    """Return a path of each kind of page, by its name, with the story's things in it."""
    own = f"repository={REPOSITORY}"
    held = _items(stage, f"requests?state=waiting&{own}")
    unread = _items(stage, "requests?state=waiting&repository=octo-org/mobile")
    ended = _items(stage, f"requests?state=approved&{own}")
    incidents = _items(stage, f"incidents?{own}")
    return {
        "board": "/",
        "wall": "/?wall=1",
        "held deployment": f"/requests/{held[0]['id']}" if held else "/requests/1",
        "deployment without a policy": f"/requests/{unread[0]['id']}",
        "approved deployment": f"/requests/{ended[0]['id']}",
        "incidents": "/incidents",
        "incident": f"/incidents/{incidents[0]['id']}",
        "history": "/history",
        "insights": "/insights",
        "repository": f"/repositories/{REPOSITORY}",
        "repository without a policy": "/repositories/octo-org/mobile",
        "status": "/status",
        "API": "/api",
        "runbooks": "/runbooks",
        "runbook": "/runbooks/page",
        "error": "/nowhere",
    }


def _items(stage: Stage, path: str) -> list[dict[str, object]]:
    answer = requests.get(f"{stage.url}/api/v1/{path}", timeout=SECONDS)
    answer.raise_for_status()
    items: list[dict[str, object]] = answer.json()["items"]
    return items
