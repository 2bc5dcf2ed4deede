from __future__ import annotations

from dataclasses import replace

import pytest

from gate.domain.comments.binding import Unbound, bind, is_override_run
from gate.domain.comments.run_reference import RunReference
from gate.domain.model.deliveries import Repository, ReviewSubmitted
from gate.domain.model.ids import InstallationId, RepositoryId, RunId, Sha
from gate.domain.model.request import GateRequest
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_key, make_request
from tests.support.builders.runs import make_account

HOST = "github.example"
NAME = "octo-org/frontend"


def held(run_id: int = 7, attempt: int = 1, environment: str = "production") -> GateRequest:
    """A request that waits."""
    key = make_key(run_id=run_id, run_attempt=attempt, environment=environment.casefold())
    return make_request(key=key, environment=environment)


def named(run_id: int = 7, attempt: int | None = None, **where: str) -> RunReference:
    """A run as a person names it."""
    return RunReference(RunId(run_id), attempt, **where)


def bound(
    reference: RunReference, *requests: GateRequest, environment: str | None = None
) -> GateRequest | str:
    """The request that is meant, or why there is none."""
    found = bind(reference, requests, host=HOST, full_name=NAME, environment=environment)
    return found.reason if isinstance(found, Unbound) else found


def test_an_id_names_the_run_that_is_held() -> None:
    """Other runs are held too, and do not matter."""
    assert bound(named(7), held(6), held(7), held(8)) == held(7)


@pytest.mark.parametrize("reference", [named(9), named(7, 2)])
def test_what_is_not_held_is_not_meant(reference: RunReference) -> None:
    """Neither another run nor another attempt of the run."""
    assert bound(reference, held(7)) == "not_held"


def test_without_an_attempt_the_newest_is_meant() -> None:
    """An attempt that is named is meant all the same."""
    requests = [held(attempt=1), held(attempt=3), held(attempt=2)]
    assert bound(named(7), *requests) == held(attempt=3)
    assert bound(named(7, 2), *requests) == held(attempt=2)


@pytest.mark.parametrize(
    ("host", "name", "expected"),
    [
        (HOST, NAME, held()),
        ("GitHub.Example", "Octo-Org/FRONTEND", held()),
        ("github.com", NAME, "other_repository"),
        (f"{HOST}.evil.example", NAME, "other_repository"),
        (HOST, "octo-org/backend", "other_repository"),
        (HOST, "evil-org/frontend", "other_repository"),
    ],
)
def test_an_address_must_be_of_this_repository(
    host: str, name: str, expected: GateRequest | str
) -> None:
    """Names are compared as GitHub compares them, without case."""
    assert bound(named(host=host, full_name=name), held()) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (None, "ambiguous"),
        ("staging-override", held(environment="Staging")),
        ("STAGING-Override", held(environment="Staging")),
        ("production-override", held()),
        ("production", "ambiguous"),
        ("approvals", "ambiguous"),
    ],
)
def test_of_several_the_override_environment_tells(
    environment: str | None, expected: GateRequest | str
) -> None:
    """A run may wait at two environments; whoever comments cannot say which."""
    requests = [held(), held(environment="Staging")]
    assert bound(named(), *requests, environment=environment) == expected


def test_the_only_one_is_meant_whatever_the_environment_is_called() -> None:
    """The policy may call it anything; the rule checks that later."""
    assert bound(named(), held(), environment="approvals") == held()


def review(**changes: object) -> ReviewSubmitted:
    """An approval of an override workflow's run."""
    owner = make_account("octo-org")
    seen = ReviewSubmitted(
        repository=Repository(RepositoryId(1), InstallationId(1), NAME, owner, "main"),
        run_id=RunId(99),
        run_attempt=1,
        head_sha=Sha("a" * 40),
        environments=("production-override",),
        reviewer=make_account("carol"),
        is_person=True,
        comment="",
        at=NOW,
        title="Override of run 7",
        event="workflow_dispatch",
        branch="main",
        is_local=True,
        url=f"https://{HOST}/{NAME}/actions/runs/99",
    )
    return replace(seen, **changes)  # type: ignore[arg-type]


def test_an_override_workflow_runs_on_the_default_branch() -> None:
    """There only those who may change the default branch can have written it."""
    assert is_override_run(review())


@pytest.mark.parametrize(
    "changes",
    [{"branch": "feature"}, {"branch": None}, {"event": "push"}, {"is_local": False}],
    ids=str,
)
def test_any_other_run_is_no_override_workflow(changes: dict[str, object]) -> None:
    """Whoever pushes could have written it."""
    assert not is_override_run(review(**changes))


def test_without_a_known_default_branch_nothing_is_believed() -> None:
    """None is no branch that a run could be of."""
    unknown = replace(review().repository, default_branch=None)
    assert not is_override_run(review(repository=unknown, branch=None))
