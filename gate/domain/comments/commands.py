"""Parse commands in comments on issues, and the title of an override workflow's run.

Pure. It returns a command or what is wrong with it; who may give it is decided elsewhere. A
command begins the first line that is not blank. Quotes and code blocks are ignored: someone else
wrote them, or they are examples. Invisible characters that pages, chats and keyboards add are
skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Final

from gate.domain.comments.run_reference import RunReference, parse_run_reference
from gate.domain.model.course import Course

_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphen, zero-width space, (non-)joiners, word joiner, byte order mark. No-break spaces are
whitespace to `str.split` and to regular expressions."""

_QUOTES: Final = "\"'“”„‟‘’‚‛«»‹›`"  # noqa: RUF001 - quotes that keyboards type
_COMMAND: Final = re.compile(
    rf"[{_UNSEEN}]*(?:[ \u00a0\u202f][{_UNSEEN}]*){{0,3}}/(?P<word>\S+)(?P<rest>.*)", re.DOTALL
)
_TITLE: Final = re.compile(r"override of run\b(?P<named>.*)", re.IGNORECASE | re.DOTALL)
_WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SPAN: Final = re.compile(r"(?P<count>[1-9][0-9]{0,4})(?P<unit>[mhd])")
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST_WORD: Final = 40
_ALIKE: Final = 0.8
_DECIDE: Final = "decide"
_RESOLVE: Final = "resolve"
_SILENCE: Final = "silence"
_OVERRIDE: Final = "override"

LONGEST_SILENCE: Final = timedelta(days=7)
LONGEST_WHY: Final = 2_000


@dataclass(frozen=True, slots=True)
class OverrideCommand:
    """Release a held run; `rationale` is raw and may be empty."""

    run: RunReference
    rationale: str


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """List the commands."""


@dataclass(frozen=True, slots=True)
class AcknowledgeCommand:
    """Acknowledge an incident."""


@dataclass(frozen=True, slots=True)
class DecideCommand:
    """Record what will be done about an incident; `why` is raw."""

    course: Course
    why: str


@dataclass(frozen=True, slots=True)
class ResolveCommand:
    """Close an incident; `why` is raw."""

    why: str


@dataclass(frozen=True, slots=True)
class SilenceCommand:
    """Pause the messages about an incident; `why` is raw."""

    span: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """A word after a slash that is not a command of the gate, and may be meant for another App."""


@dataclass(frozen=True, slots=True)
class CommandProblem:
    """A try at the command `meant` that cannot be carried out.

    `detail` may quote hostile text. `usage` shows the command's form, where that helps.
    """

    detail: str
    meant: str
    usage: str | None = None


IncidentCommand = AcknowledgeCommand | DecideCommand | ResolveCommand | SilenceCommand
"""The commands about an incident, which count on its issue."""

Command = OverrideCommand | HelpCommand | IncidentCommand

ParsedCommand = Command | UnknownCommand | CommandProblem
"""What a comment may contain for the gate: a command, or a try at one."""


def parse_command(body: str) -> ParsedCommand | None:
    """Parse the command that a comment begins with; None when it has none.

    Arguments may continue on the following lines. An unknown word is a problem only when it looks
    like a typo: other Apps have commands too.
    """
    found = _COMMAND.match(_from_first_line(body))
    if found is None:
        return None
    written = _seen(found["word"])
    word = written.casefold()
    parse = _COMMANDS.get(word)
    if parse is not None:
        return parse(found["rest"])
    alike = _alike(word, _COMMANDS)
    if alike is not None:
        return CommandProblem(f"unknown command /{written}; did you mean /{alike}?", alike)
    return UnknownCommand() if _WORD.fullmatch(word) else None


def _alike(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a word with a typo resembles."""
    if len(word) > _LONGEST_WORD:
        return None
    return next(iter(get_close_matches(word, known, n=1, cutoff=_ALIKE)), None)


def _from_first_line(body: str) -> str:
    """Drop leading blank lines, but keep the indent of the first line that is not blank."""
    lines = body.replace("\r\n", "\n").split("\n")
    while lines and not _seen(lines[0]).strip():
        del lines[0]
    return "\n".join(lines)


def _parse_override(rest: str) -> OverrideCommand | CommandProblem:
    named, rationale = _split(rest)
    if not named:
        usage = "/override <run URL or id> <rationale>"
        return CommandProblem("name the run to release", _OVERRIDE, usage)
    run = parse_run_reference(named)
    if run is None:
        detail = "the first word after /override must be a run URL or a run id"
        return CommandProblem(detail, _OVERRIDE)
    return OverrideCommand(run, rationale)


def _split(rest: str) -> tuple[str, str]:
    """Split the first word, which must be on the command's own line, from what follows it.

    The word loses invisible characters and surrounding quotes; what follows is kept as it is.
    """
    first, _, following = rest.partition("\n")
    words = first.lstrip(f"{_UNSEEN} \t\u00a0\u202f").split(maxsplit=1)
    named = _seen(words[0]).strip(_QUOTES) if words else ""
    return named, "\n".join([*words[1:], following]).strip()


def _seen(text: str) -> str:
    """Drop invisible characters."""
    return text.translate(_WITHOUT_UNSEEN)


_WITHOUT_UNSEEN: Final = dict.fromkeys(map(ord, _UNSEEN))


def _parse_help(_rest: str) -> HelpCommand:
    return HelpCommand()


def _parse_acknowledge(_rest: str) -> AcknowledgeCommand:
    return AcknowledgeCommand()


def _parse_decide(rest: str) -> DecideCommand | CommandProblem:
    word, why = _split(rest)
    choices = ", ".join(Course)
    course = _COURSES.get(word.casefold())
    if course is None:
        return CommandProblem("name your decision", _DECIDE, f"/decide <{choices}> <why>")
    problem = _check_why(why, _DECIDE, f"/decide {course} <why>")
    return DecideCommand(course, why) if problem is None else problem


def _parse_resolve(rest: str) -> ResolveCommand | CommandProblem:
    why = rest.strip()
    problem = _check_why(why, _RESOLVE, "/resolve <why>")
    return ResolveCommand(why) if problem is None else problem


def _parse_silence(rest: str) -> SilenceCommand | CommandProblem:
    word, why = _split(rest)
    length = _parse_span(word)
    if length is None:
        detail = "give a duration in minutes, hours or days"
        return CommandProblem(detail, _SILENCE, "/silence <30m, 4h, 2d> <why>")
    if length > LONGEST_SILENCE:
        most = LONGEST_SILENCE.days
        detail = f"{word} is too long; the maximum is {most}d, and you can repeat the command"
        return CommandProblem(detail, _SILENCE)
    problem = _check_why(why, _SILENCE, f"/silence {word} <why>")
    return SilenceCommand(length, why) if problem is None else problem


def _parse_span(text: str) -> timedelta | None:
    """Parse a duration as the policy spells it, except seconds."""
    found = _SPAN.fullmatch(text.casefold())
    return int(found["count"]) * _UNITS[found["unit"]] if found is not None else None


def _check_why(why: str, meant: str, usage: str) -> CommandProblem | None:
    """Return what is wrong with a reason, which is required because people read it on record."""
    if not _seen(why).strip():
        return CommandProblem("give a reason", meant, usage)
    if len(why) > LONGEST_WHY:
        return CommandProblem(f"the reason is longer than {LONGEST_WHY} characters", meant)
    return None


_COURSES: Final = {course.value: course for course in Course}
_COMMANDS: Final[Mapping[str, Callable[[str], Command | CommandProblem]]] = {
    "ack": _parse_acknowledge,
    _DECIDE: _parse_decide,
    _RESOLVE: _parse_resolve,
    _SILENCE: _parse_silence,
    _OVERRIDE: _parse_override,
    "help": _parse_help,
}


def parse_override_title(display_title: str) -> RunReference | CommandProblem | None:
    """Parse the run that an override workflow's run names in its title; None for other titles.

    The title must name exactly one run and nothing else: it contains what a person typed, and the
    reviewer who approves must see which run it is.
    """
    found = _TITLE.fullmatch(_seen(display_title).strip())
    if found is None:
        return None
    named = [word.strip(_QUOTES) for word in found["named"].split()]
    run = parse_run_reference(named[0]) if len(named) == 1 else None
    if run is None:
        detail = "the title must name exactly one run: Override of run <id or URL>"
        return CommandProblem(detail, _OVERRIDE)
    return run
