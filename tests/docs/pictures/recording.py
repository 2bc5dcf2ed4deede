"""Record a run of the demo in docs/demo.md: `make recording`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gate.demo.stage import set_stage
from gate.demo.story import perform
from tests.support.ports import unused_port

PAGE: Final = Path(__file__).parents[3] / "docs" / "demo.md"
_ROW: Final = re.compile(r"^\| \d+ \| (.+?) \| (.+?) \| (.+?) \| (\d*) \|$", re.MULTILINE)
_TABLE: Final = re.compile(r"(?<=<!-- recorded -->\n).*(?=\n<!-- end -->)", re.DOTALL)
_HEADING: Final = "\n| | step | expected | result | ms |\n| ---: | --- | --- | --- | ---: |\n"


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table: a scene, and what it came to."""

    title: str
    expected: str
    result: str
    milliseconds: str


def record() -> None:
    """Play the demo, and put what happened into its page."""
    steps: list[Step] = []
    with set_stage(unused_port()) as stage:
        for scene, seen in perform(stage):
            assert seen.ok, f"{scene.title}: {seen.what}"
            took = "" if seen.milliseconds is None else f"{seen.milliseconds:.0f}"
            steps.append(Step(scene.title, scene.expected, seen.what, took))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: _HEADING + _rows(steps), page), encoding="utf-8")


def _rows(steps: Iterable[Step]) -> str:
    return "".join(
        f"| {number} | {it.title} | {it.expected} | {it.result} | {it.milliseconds} |\n"
        for number, it in enumerate(steps, 1)
    )


def read_recording() -> list[Step]:
    """Read the steps from the demo's page."""
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [Step(*row) for row in rows]
