"""The errors of a report, of an input and of the connection to the gate."""

from __future__ import annotations


class ReportProblem(Exception):
    """A report that cannot be read or is inconclusive. It never counts as a pass."""

    def __init__(self, file: str, message: str, line: int | None = None) -> None:
        """Record the place, so that an annotation can point to it."""
        self.file = file
        self.line = line
        self.message = message
        place = file if line is None else f"{file}, line {line}"
        super().__init__(f"{place}: {message}")


class InputProblem(Exception):
    """An input of the action that cannot be used as it is."""


class NotSent(Exception):
    """The gate did not accept the body; the message says why."""


class Unreachable(NotSent):
    """There was no answer, or one after which a retry may succeed."""


class Refused(NotSent):
    """The gate understood and refused; sending the same body again does not help."""
