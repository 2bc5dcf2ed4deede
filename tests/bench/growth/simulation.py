"""Play the busiest hour, second by second: who asks when, and how long each waits for its answer.

Pure, and the same for the same seed. What limits the answers are GitHub, for each installation, and
the nodes, for all of them; nodes take from the installations in turn.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.bench.growth.model import Organization, busiest_hour, total

HOUR: Final = 3600
GITHUB_AT_ONCE: Final = 180
"""Answers that GitHub takes at once from an installation: 900 points, five for each."""
GITHUB_A_SECOND: Final = 3
ROLLOUT: Final = 0.02
"""Share of an installation's repositories that one rollout deploys, once in the hour,"""
ROLLOUT_SECONDS: Final = 60
"""within so many seconds."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the hour came to; waits in seconds."""

    answers: int
    most_in_a_second: int
    p50: int
    p99: int
    longest: int
    most_webhooks_in_a_second: float


def play(organization: Organization, answers_a_second: float, seed: int = 1) -> Played:
    """Let an organization's repositories deploy for an hour, and answer them."""
    random = Random(seed)
    asked = [_arrivals(organization.largest, random) for _ in range(organization.installations)]
    waiting: list[deque[int]] = [deque() for _ in asked]
    tokens = [float(GITHUB_AT_ONCE)] * len(asked)
    waits: list[int] = []
    second, room = 0, 0.0
    while second < HOUR or any(waiting):
        if second < HOUR:
            for queue, arrivals in zip(waiting, asked, strict=True):
                queue.extend([second] * arrivals[second])
        tokens = [min(it + GITHUB_A_SECOND, GITHUB_AT_ONCE) for it in tokens]
        room = min(room + answers_a_second, max(answers_a_second, 1))
        room = _answer(waiting, tokens, room, second, waits)
        second += 1
    busiest = [sum(at) for at in zip(*asked, strict=True)]
    waits.sort()
    # Webhooks of runs come evenly beside those of deployments.
    hour = busiest_hour(organization.repositories)
    each = total(hour, "webhooks") / hour.deployments
    return Played(
        answers=len(waits),
        most_in_a_second=max(busiest),
        p50=waits[len(waits) // 2],
        p99=waits[int(len(waits) * 0.99)],
        longest=waits[-1],
        most_webhooks_in_a_second=max(busiest) * 8 + (each - 8) * hour.deployments / HOUR,
    )


def _arrivals(repositories: int, random: Random) -> list[int]:
    """Count the deployments of each second of an installation."""
    rate = busiest_hour(repositories).deployments / HOUR
    arrivals = [_poisson(rate, random) for _ in range(HOUR)]
    start = random.randrange(HOUR - ROLLOUT_SECONDS)
    for _ in range(round(repositories * ROLLOUT)):
        arrivals[start + random.randrange(ROLLOUT_SECONDS)] += 1
    return arrivals


def _poisson(mean: float, random: Random) -> int:
    """Draw a number of independent arrivals."""
    count, left = 0, math.exp(-mean)
    product = random.random()
    while product > left:
        count += 1
        product *= random.random()
    return count


def _answer(
    waiting: list[deque[int]], tokens: list[float], room: float, second: int, waits: list[int]
) -> float:
    """Answer in turn who waits, as far as nodes and GitHub allow; return what room is left."""
    while room >= 1:
        able = [at for at, queue in enumerate(waiting) if queue and tokens[at] >= 1]
        if not able:
            break
        for at in able[: int(room)]:
            waits.append(second - waiting[at].popleft())
            tokens[at] -= 1
            room -= 1
    return room
