"""Read what `make bench` measured of fleets, for the tables of the page about sizes.

    make bench ARGS="--only fleet --json docs/reference/fleet-figures.json"

writes the file. What is not in it is None, and the page says that it was not measured: a machine
that does other work besides gives figures that are worth nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[3] / "docs/reference/fleet-figures.json"
_ACKNOWLEDGED: Final = r"fleet, serve: durable acknowledgements a second"
_DECIDED: Final = r"fleet, stream of \d+, GitHub at 50 ms: decisions a second, one node"


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU that one webhook or one decision takes."""

    nodes: float
    database: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and on what."""

    machine: str
    acknowledged_a_second: float | None
    decided_a_second: dict[int, float]
    """By the number of nodes."""
    webhook: Cost | None
    decision: Cost | None
    node_mib: float | None


def read_figures(file: Path = FILE) -> Figures:
    """Read the file; without one, nothing was measured."""
    written: dict[str, Any] = {"machine": "", "lines": []}
    if file.exists():
        written = json.loads(file.read_text(encoding="utf-8"))
    lines: dict[str, str] = {}
    section = ""
    for line in written["lines"]:
        what = line["what"]
        # Lines that belong to one begin with two blanks.
        section = section if what.startswith(" ") else what
        lines[f"{section}|{what.strip()}"] = line["figure"]
    decided = {1: _number(lines, rf"{_DECIDED}\|fleet.*")}
    decided |= {it: _number(lines, rf"{_DECIDED}\|{it} nodes") for it in (2, 3)}
    return Figures(
        machine=written["machine"],
        acknowledged_a_second=_number(lines, rf"{_ACKNOWLEDGED} .*\|fleet.*"),
        decided_a_second={it: rate for it, rate in decided.items() if rate is not None},
        webhook=_cost(lines, rf"{_ACKNOWLEDGED} .*\|CPU ms each.*"),
        decision=_cost(lines, rf"{_DECIDED}\|CPU ms a decision.*nodes: 2"),
        node_mib=_number(lines, rf"{_ACKNOWLEDGED} .*\|resident memory.*"),
    )


def _figure(lines: dict[str, str], pattern: str) -> str | None:
    return next((it for name, it in lines.items() if re.fullmatch(pattern, name)), None)


def _number(lines: dict[str, str], pattern: str) -> float | None:
    found = _figure(lines, pattern)
    return None if found is None else float(found)


def _cost(lines: dict[str, str], pattern: str) -> Cost | None:
    found = _figure(lines, pattern)
    return None if found is None else Cost(*(float(it) for it in found.split("/")))
