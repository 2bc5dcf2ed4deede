"""Name what can be wrong with a report, an input or the way to the gate."""

from __future__ import annotations


class ReportProblem(Exception):
    """A report that cannot be read, or that proves nothing. Never to be taken for a pass."""

    def __init__(self, file: str, message: str, line: int | None = None) -> None:
        """Keep the place, so that an annotation can point at it."""
        self.file = file
        self.line = line
        self.message = message
        place = file if line is None else f"{file}, line {line}"
        super().__init__(f"{place}: {message}")


class InputProblem(Exception):
    """An input of the action that cannot be used as it is."""


class NotSent(Exception):
    """The gate did not take what was sent; the message says why."""


class Unreachable(NotSent):
    """There was no answer, or one that may be better on another day."""


class Refused(NotSent):
    """The gate understood, and said no. Sending the same again is of no use."""
