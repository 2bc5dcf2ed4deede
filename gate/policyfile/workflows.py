"""Read which environments the jobs of a workflow file use.

Pure. Nothing else in such a file is looked at, and whatever GitHub would refuse is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from gate.policyfile.tree import Unreadable, is_plain, read_tree

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
    return tuple(_named(jobs)) if isinstance(jobs, yaml.MappingNode) else ()


def _named(jobs: yaml.MappingNode) -> Iterator[JobEnvironment]:
    for key, job in jobs.value:
        environment = _child(job, "environment")
        name = environment
        deploys = True
        if isinstance(environment, yaml.MappingNode):
            name = _child(environment, "name")
            deployment = _child(environment, "deployment")
            deploys = deployment is None or _is_true(deployment)
        if isinstance(key, yaml.ScalarNode) and isinstance(name, yaml.ScalarNode):
            yield JobEnvironment(key.value, name.value, deploys)


def _child(node: yaml.Node, name: str) -> yaml.Node | None:
    """Return the value of a key, if the node is a mapping that has it."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((v for k, v in pairs if isinstance(k, yaml.ScalarNode) and k.value == name), None)


def _is_true(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and is_plain(node) and node.value.lower() == _TRUE
