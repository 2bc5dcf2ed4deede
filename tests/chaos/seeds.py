"""Make a plan from a seed. Pure: the same seed gives the same plan on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.chaos.plan import MOST_SKEW, Engine, Node, Plan, Timed
from tests.chaos.steps import (
    BeginValidation,
    Bypass,
    Cancel,
    Channel,
    CommentOverride,
    CutDatabase,
    Deploy,
    EndValidation,
    Freeze,
    FullDisk,
    GitHubErrors,
    GitHubResets,
    GitHubSlow,
    Kill,
    LateJob,
    Override,
    Partition,
    Pause,
    QuotaUsedUp,
    ReadOnlyDatabase,
    Rerun,
    RestartDatabase,
    RetryAfter,
    Step,
    Terminate,
    TimePasses,
    Validate,
    Webhooks,
)

STORM: Final = 12.0
"""How many seconds a storm lasts."""

OPEN: Final = ("frontend", "backend")
"""Repositories whose environment only the gate protects."""

REVIEWED: Final = "checkout"
"""The repository whose environment has a required reviewer as well."""

REPOSITORIES: Final = (*OPEN, REVIEWED)

_APART: Final = 2.0
"""Between two validations of a repository: GitHub tells times in whole seconds."""

_FLEETS: Final = (
    ("serve", "serve"),
    ("front", "worker"),
    ("serve", "worker"),
    ("serve", "front", "worker"),
    ("serve", "serve", "serve"),
    ("front", "worker", "worker"),
    ("front", "front", "worker", "worker"),
    ("serve", "serve", "front", "worker"),
)
_EVERY_SQLITE: Final = 6
"""One seed of so many plays one process on SQLite."""


def make_plan(seed: int, storm: float = STORM) -> Plan:
    """Return the plan of a seed, with a storm of so many seconds."""
    draw = random.Random(seed)
    engine: Engine = "sqlite" if seed % _EVERY_SQLITE == 0 else "postgresql"
    kinds = ("serve",) if engine == "sqlite" else draw.choice(_FLEETS)
    skewed = draw.random() < 0.7
    nodes = tuple(
        Node(kind, round(draw.uniform(-MOST_SKEW, MOST_SKEW) / 2, 1) if skewed else 0.0)  # type: ignore[arg-type]
        for kind in kinds
    )
    steps = [*_load(draw, storm), *_troubles(draw, storm, len(nodes), engine, _spare(draw, nodes))]
    steps.sort(key=lambda it: it.at)
    return Plan(seed, engine, nodes, tuple(steps))


def _load(draw: random.Random, storm: float) -> list[Timed]:
    """What people do: deployments all the time, validations now and then."""
    steps: list[Timed] = []
    for repository in REPOSITORIES:
        steps += _validations(draw, storm, repository)
    for _ in range(draw.randint(10, 18)):
        jobs = 1 if draw.random() < 0.8 else 2
        steps.append(_at(draw, storm, Deploy(draw.choice(REPOSITORIES), jobs)))
    for _ in range(draw.randint(1, 3)):
        steps.append(_at(draw, storm, Override(REVIEWED, complete=draw.random() < 0.75)))
    if draw.random() < 0.5:
        steps.append(_at(draw, storm, Bypass(draw.choice(REPOSITORIES))))
    if draw.random() < 0.5:
        repository = draw.choice(REPOSITORIES)
        steps += [_at(draw, storm, Cancel(repository)), _at(draw, storm, Rerun(repository))]
    for _ in range(draw.randint(0, 2)):
        steps.append(_at(draw, storm, LateJob(draw.choice(REPOSITORIES))))
    if draw.random() < 0.5:
        steps.append(_at(draw, storm, CommentOverride(REVIEWED)))
    return steps


def _validations(draw: random.Random, storm: float, repository: str) -> list[Timed]:
    steps: list[Timed] = []
    at = 0.0
    while at < storm:
        conclusion = draw.choices(["success", "failure", "cancelled"], [5, 5, 1])[0]
        if conclusion == "cancelled" or draw.random() < 0.6:
            steps.append(Timed(at, Validate(repository, conclusion)))  # type: ignore[arg-type]
            at += _APART + round(draw.expovariate(1 / 4), 2)
        else:
            ends = round(at + draw.uniform(1, 4), 2)
            steps.append(Timed(at, BeginValidation(repository)))
            steps.append(Timed(ends, EndValidation(repository, conclusion)))  # type: ignore[arg-type]
            at = ends + _APART + round(draw.expovariate(1 / 4), 2)
        at = round(at, 2)
    return steps


def _spare(draw: random.Random, nodes: tuple[Node, ...]) -> int | None:
    """Choose a node that the others can do without; none in most storms."""
    kinds = [it.kind for it in nodes]
    spare = [
        number
        for number, kind in enumerate(kinds, 1)
        if {"serve", "front"} & set(kinds[: number - 1] + kinds[number:])
        and {"serve", "worker"} & set(kinds[: number - 1] + kinds[number:])
    ]
    return draw.choice(spare) if spare and draw.random() < 0.3 else None


def _troubles(
    draw: random.Random, storm: float, nodes: int, engine: Engine, frozen: int | None
) -> list[Timed]:
    anywhere: list[Callable[[], Step]] = [
        lambda: Kill(draw.randint(1, nodes), _seconds(draw, 0.5, 4)),
        lambda: Kill(draw.randint(1, nodes), _seconds(draw, 0.5, 4)),
        lambda: Pause(draw.randint(1, nodes), _seconds(draw, 1, 9)),
        lambda: Terminate(draw.randint(1, nodes)),
        lambda: GitHubErrors(
            draw.choice([500, 502, 503]),
            _seconds(draw, 0.5, 4),
            draw.random() < 0.5,
        ),
        lambda: GitHubResets(draw.randint(1, 5), draw.random() < 0.6, draw.random() < 0.6),
        lambda: GitHubSlow(
            draw.choice([2.0, 6.0, 20.0]),
            draw.randint(1, 3),
            draw.random() < 0.5,
            draw.random() < 0.7,
        ),
        lambda: RetryAfter(draw.randint(1, 4), draw.randint(1, 5)),
        lambda: QuotaUsedUp(draw.randint(2, 6)),
        lambda: Webhooks("drop", draw.randint(1, 6)),
        lambda: Webhooks("lose", draw.randint(1, 4)),
        lambda: Webhooks("duplicate", draw.randint(2, 10)),
        lambda: Webhooks("delay", draw.randint(1, 4), _seconds(draw, 0.5, 5)),
        lambda: Webhooks("reorder", draw.randint(2, 10)),
        lambda: Channel("error", draw.randint(1, 3)),
        lambda: Channel("lost", 1),
        lambda: TimePasses(draw.choice([35, 70, 200])),
    ]
    shared: list[Callable[[], Step]] = [
        lambda: RestartDatabase(
            "immediate" if draw.random() < 0.6 else "fast",
            _seconds(draw, 0.2, 2),
        ),
        lambda: CutDatabase(draw.randint(1, nodes)),
        lambda: Partition(draw.randint(1, nodes), _seconds(draw, 1, 7), draw.random() < 0.5),
        lambda: ReadOnlyDatabase(_seconds(draw, 0.5, 3)),
    ]
    kinds = anywhere + (shared * 2 if engine == "postgresql" else [_full_disk(draw)] * 4)
    chosen = [draw.choice(kinds)() for _ in range(draw.randint(5, 10))]
    troubles = [Timed(_seconds(draw, 0.5, storm - 1), step) for step in chosen]
    if frozen is not None:
        troubles.append(Timed(_seconds(draw, 0.5, storm - 1), Freeze(frozen)))
    return troubles


def _full_disk(draw: random.Random) -> Callable[[], Step]:
    return lambda: FullDisk(_seconds(draw, 0.5, 4))


def _at(draw: random.Random, storm: float, step: Step) -> Timed:
    return Timed(_seconds(draw, 0.2, storm), step)


def _seconds(draw: random.Random, least: float, most: float) -> float:
    return round(draw.uniform(least, most), 2)
