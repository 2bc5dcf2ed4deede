"""Collect what was measured, and write it as a table, as JSON or as Markdown."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psutil
from rich.console import Console
from rich.table import Table

_HEADINGS = ("what", "figure", "must reach", "floor", "ratio")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was measured, as it is shown; the ratio is that to the floor or to a pair."""

    what: str
    figure: str
    goal: str = ""
    floor: str = ""
    ratio: str = ""


class Report:
    """The lines of all measurements, in their order."""

    def __init__(self) -> None:
        """Begin empty."""
        self.lines: list[Line] = []

    def add_row(
        self, what: str, figure: str, goal: str = "", floor: str = "", ratio: str = ""
    ) -> None:
        """Add a line."""
        self.lines.append(Line(what, figure, goal, floor, ratio))

    def add_rate(self, what: str, figure: float, goal: float, floor: float) -> None:
        """Add a rate, what it must reach, and the rate of a bare loop."""
        shown = f">= {goal:.0f}" if goal else ""
        self.add_row(what, f"{figure:.0f}", shown, f"{floor:.0f}", f"{figure / floor:.2f}")

    def add_times(self, what: str, milliseconds: Sequence[float], goal: str = "") -> None:
        """Add the median and the 99th percentile of some times."""
        self.add_row(what, quantiles(milliseconds), goal)

    def print_table(self, console: Console) -> None:
        """Print the table, and the machine below it."""
        table = Table(title="make bench")
        for heading in _HEADINGS:
            table.add_column(heading, justify="left" if heading == _HEADINGS[0] else "right")
        for line in self.lines:
            table.add_row(*asdict(line).values())
        console.print(table)
        console.print(machine())

    def as_json(self) -> str:
        """Return the lines and the machine as one JSON object."""
        return json.dumps({"machine": machine(), "lines": [asdict(it) for it in self.lines]})

    def as_markdown(self) -> str:
        """Return a table that can be pasted into the documentation, and the machine above it."""
        rows = [f"| {' | '.join(_HEADINGS)} |", f"|{' --- |' * len(_HEADINGS)}"]
        for line in self.lines:
            cells = [str(it).replace("|", "\\|").strip() for it in asdict(line).values()]
            rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
        return "\n".join([machine(), "", *rows, ""])


def machine() -> str:
    """Describe the machine in a sentence."""
    return (
        f"{psutil.cpu_count()} cores shared by nodes, database, simulated GitHub and load; "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}."
    )


def quantiles(milliseconds: Sequence[float]) -> str:
    """Show the median and the 99th percentile of some times."""
    ordered = sorted(milliseconds)
    return f"{statistics.median(ordered):.0f} / {percentile(ordered, 0.99):.0f}"


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that a share of some ascending values does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ratio(one: float, other: float) -> str:
    """Show one figure divided by another, where there is another."""
    return f"{one / other:.2f}" if other else ""
