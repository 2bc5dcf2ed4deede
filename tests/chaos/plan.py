"""A plan: which fleet there is, and what happens when. A pure function of its seed.

The text of a plan can be edited and given back, so that a failure is shrunk by hand: delete lines
until it passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, Literal, get_args, get_type_hints

from tests.chaos.steps import STEPS, Step

Kind = Literal["serve", "front", "worker"]
"""`gate serve`, `gate serve --no-worker`, `gate worker`."""

Engine = Literal["postgresql", "sqlite"]

MOST_SKEW: Final = 60.0
"""How far apart from the true time, in seconds, the clock of a node may be."""


@dataclass(frozen=True, slots=True)
class Node:
    """One process of the gate; its clock is ahead by `skew` seconds."""

    kind: Kind
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A step and when it happens, in seconds since the storm began."""

    at: float
    step: Step


@dataclass(frozen=True, slots=True)
class Plan:
    """All of one run. Nodes are numbered from 1, in their order here."""

    seed: int
    engine: Engine
    nodes: tuple[Node, ...]
    steps: tuple[Timed, ...]


class PlanError(ValueError):
    """A plan's text cannot be read; says in which line, and why."""


def write_plan(plan: Plan) -> str:
    """Return a plan as text, one line for each node and step."""
    lines = [f"seed {plan.seed}", f"engine {plan.engine}"]
    lines += [f"node {node.kind} skew={node.skew:g}" for node in plan.nodes]
    lines += [f"{timed.at:6.2f} {_write_step(timed.step)}" for timed in plan.steps]
    return "\n".join(lines) + "\n"


def read_plan(text: str) -> Plan:
    """Read what `write_plan` wrote, or a person; raises PlanError. `#` begins a comment."""
    seed, engine = 0, "postgresql"
    nodes: list[Node] = []
    steps: list[Timed] = []
    for number, line in _lines(text):
        first, *rest = line.split()
        try:
            if first == "seed":
                seed = int(rest[0])
            elif first == "engine":
                engine = _one_of(Engine, rest[0])
            elif first == "node":
                given = _arguments(rest[1:])
                nodes.append(Node(_one_of(Kind, rest[0]), float(given.get("skew", "0"))))
            else:
                steps.append(Timed(float(first), _read_step(rest[0], rest[1:])))
        except (IndexError, KeyError, ValueError) as error:
            raise PlanError(f"line {number}: {line!r}: {error}") from None
    if not nodes:
        raise PlanError("the plan has no node")
    steps.sort(key=lambda it: it.at)
    return Plan(seed, _one_of(Engine, engine), tuple(nodes), tuple(steps))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if bare:
            yield number, bare


def _write_step(step: Step) -> str:
    values = (f"{it.name}={_shown(getattr(step, it.name))}" for it in fields(step))
    return " ".join([type(step).__name__, *values])


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read_step(name: str, words: list[str]) -> Step:
    kind: Any = STEPS.get(name)
    if kind is None:
        raise ValueError(f"there is no step {name}")
    hints, given = get_type_hints(kind), _arguments(words)
    known = {it.name: it.default is MISSING for it in fields(kind)}
    wrong = sorted(given.keys() - known) + [
        it for it, must in known.items() if must and it not in given
    ]
    if wrong:
        raise ValueError(f"{name} takes {', '.join(known)}; wrong or missing: {', '.join(wrong)}")
    made: Step = kind(**{key: _value(hints[key], value) for key, value in given.items()})
    return made


def _arguments(words: list[str]) -> dict[str, str]:
    pairs = (word.partition("=") for word in words)
    return {name: value for name, _, value in pairs}


def _value(kind: Any, text: str) -> object:
    if kind is bool:
        return {"True": True, "False": False}[text]
    if kind in {int, float, str}:
        return kind(text)
    return _one_of(kind, text)


def _one_of(kind: Any, text: str) -> Any:
    allowed = get_args(kind)
    if text not in allowed:
        raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
    return text
