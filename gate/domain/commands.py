"""Read what people ask of the gate in a comment on an issue, and in an override run's title.

Pure. Text in, a command or what is wrong with it out; who may ask, and of what, is decided
elsewhere. A command begins the first line that is not blank. What is quoted, or stands in a code
block, was said by somebody else or is an example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from gate.domain.ids import RunId

_LARGEST_ID: Final = 2**63 - 1
_RUN_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_RUN_URL: Final = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)"
    r"/(?P<name>[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100})/actions/runs/(?P<run>[1-9][0-9]{0,18})"
    r"(?:/attempts/(?P<attempt>[1-9][0-9]{0,5}))?(?:/jobs?/[0-9]{1,19})?/?(?:[?#][^\s]*)?"
)
_COMMAND: Final = re.compile(r" {0,3}/(?P<word>\S+)(?:[^\S\n]+(?P<rest>.*))?", re.DOTALL)
_TITLE: Final = re.compile(r"override of run\b(?P<named>.*)", re.IGNORECASE | re.DOTALL)
_LONGEST_WORD: Final = 40
_ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True)
class RunReference:
    """A run as a person named it: by its id, or by its address on GitHub.

    `host` and `full_name` are None for a bare id. Both are as written, not checked: whoever acts on
    an address refuses one of another GitHub or repository, comparing without case.
    """

    run_id: RunId
    run_attempt: int | None = None
    host: str | None = None
    full_name: str | None = None


@dataclass(frozen=True, slots=True)
class OverrideCommand:
    """Somebody releases a held run; `rationale` is raw and may be empty."""

    run: RunReference
    rationale: str


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """Somebody asks which commands there are."""


@dataclass(frozen=True, slots=True)
class CommandProblem:
    """Somebody meant us, and what they wrote cannot be done. `detail` may quote hostile text."""

    detail: str


Command = OverrideCommand | HelpCommand


def parse_command(body: str) -> Command | CommandProblem | None:
    """Read the command that a comment begins with; None when it asks nothing of us.

    The command's arguments may go on over the following lines. A word that is no command of ours
    is a problem only when it looks like a slip: other Apps have commands too.
    """
    found = _COMMAND.match(_from_first_line(body))
    if found is None:
        return None
    word = found["word"].casefold()
    parse = _COMMANDS.get(word)
    if parse is not None:
        return parse(found["rest"] or "")
    if len(word) <= _LONGEST_WORD and get_close_matches(word, _COMMANDS, n=1, cutoff=_ALIKE):
        known = ", ".join(f"/{name}" for name in _COMMANDS)
        return CommandProblem(f"/{found['word']} is no command of the gate; known: {known}")
    return None


def _from_first_line(body: str) -> str:
    """Drop the blank lines at the beginning, but not the indent of the first that is not blank."""
    lines = body.replace("\r\n", "\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return "\n".join(lines)


def _parse_override(rest: str) -> OverrideCommand | CommandProblem:
    first, _, following = rest.partition("\n")
    named = first.split(maxsplit=1)
    if not named:
        return CommandProblem("say which run: /override <run URL or id> <rationale>")
    run = parse_run_reference(named[0])
    if run is None:
        return CommandProblem("the first word after /override must be a run's URL or id")
    return OverrideCommand(run, "\n".join([*named[1:], following]).strip())


def _parse_help(_rest: str) -> HelpCommand:
    return HelpCommand()


_COMMANDS: Final[Mapping[str, Callable[[str], Command | CommandProblem]]] = {
    "override": _parse_override,
    "help": _parse_help,
}


def parse_run_reference(text: str) -> RunReference | None:
    """Read a run's id, or its address on GitHub with or without an attempt or a job."""
    if _RUN_ID.fullmatch(text):
        return _reference(int(text))
    found = _RUN_URL.fullmatch(text)
    if found is None:
        return None
    attempt = int(found["attempt"]) if found["attempt"] is not None else None
    return _reference(int(found["run"]), attempt, found["host"], found["name"])


def _reference(
    run_id: int, attempt: int | None = None, host: str | None = None, full_name: str | None = None
) -> RunReference | None:
    return RunReference(RunId(run_id), attempt, host, full_name) if run_id <= _LARGEST_ID else None


def parse_override_title(display_title: str) -> RunReference | CommandProblem | None:
    """Read the run that an override workflow's run says it is for; None for any other title.

    Exactly one run must be named, and nothing else said: a title is made from what somebody typed,
    and a reviewer who approves must see which run it is.
    """
    found = _TITLE.fullmatch(display_title.strip())
    if found is None:
        return None
    named = found["named"].split()
    run = parse_run_reference(named[0]) if len(named) == 1 else None
    if run is None:
        return CommandProblem("the title must name exactly one run: Override of run <id or URL>")
    return run
