"""Read which environments the jobs of a workflow file use.

Pure. Nothing else in such a file is looked at, and whatever GitHub would refuse is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gate.policyfile.tree import Mapping, Node, Scalar, Unreadable, read_tree

_TRUE: Final = "true"


@dataclass(frozen=True, slots=True)
class JobEnvironment:
    """A job and the environment it names, as written; either may be an expression.

    `deploys` is false where `deployment:` may come to be anything but true.
    """

    job: str
    environment: str
    deploys: bool


def job_environments(text: bytes) -> tuple[JobEnvironment, ...] | None:
    """List the jobs that name an environment; None when the file cannot be read."""
    try:
        root = read_tree(text)
    except Unreadable:
        return None
    jobs = _child(root, "jobs")
    return tuple(_named(jobs)) if isinstance(jobs, Mapping) else ()


def _named(jobs: Mapping) -> Iterator[JobEnvironment]:
    for key, job in jobs.pairs:
        environment = _child(job, "environment")
        name = environment
        deploys = True
        if isinstance(environment, Mapping):
            name = _child(environment, "name")
            deployment = _child(environment, "deployment")
            deploys = deployment is None or _is_true(deployment)
        if isinstance(key, Scalar) and isinstance(name, Scalar):
            yield JobEnvironment(key.text, name.text, deploys)


def _child(node: Node, name: str) -> Node | None:
    """Give the value of a key, if the node is a mapping that has it."""
    pairs = node.pairs if isinstance(node, Mapping) else []
    return next((v for k, v in pairs if isinstance(k, Scalar) and k.text == name), None)


def _is_true(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text.lower() == _TRUE
