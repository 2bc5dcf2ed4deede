"""The client gets its answers from GitHub, and GitHub the client's, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.bootstrap import github_port
from gate.domain.model.github import FileFound, FileHidden, FileQuestion, RepositoryAddress
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.request import ReviewState
from gate.domain.requests.missing_facts import ListingNeeded
from gate.errors import Refused
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.support.github_stage import (
    ENVIRONMENT,
    MINT,
    ORGANIZATION,
    PERMISSIONS,
    REPOSITORY,
    REVIEW,
    VALIDATION,
    Stage,
    staged,
)

POLICY = ".github/deployment-gate.yml"
QUESTION = FileQuestion(POLICY, None, expects_absence=False)
NO_RUN = RunId(1)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A simulated github.com and a client for it."""
    with staged() as made:
        yield made


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def either(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The same on an Enterprise Server, whose API root has a path."""
    with staged(root=request.param) as made:
        yield made


def test_the_clients_fulfill_the_port(stage: Stage) -> None:
    """The reconciler's protocols are what the clients have; mypy checks the signatures there."""
    assert github_port(stage.client).app.read_installations()


def test_a_run_is_read(either: Stage) -> None:
    """A run is read by id, the newest attempt or an earlier one."""
    run_id = RunId(either.github.validate(REPOSITORY, "failure"))
    either.github.rerun(run_id)
    newest = either.client.actions.read_run(either.address, run_id)
    first = either.client.actions.read_run_attempt(either.address, run_id, 1)
    assert newest is not None
    assert first is not None
    assert (newest.run_attempt, newest.conclusion) == (2, None)
    assert (first.run_attempt, first.conclusion, first.path) == (1, "failure", VALIDATION)
    assert first.head_repository_id == first.repository_id == either.address.repository_id


def test_what_does_not_exist_is_none(stage: Stage) -> None:
    """An absence is an answer, not an error."""
    gone = RepositoryAddress(
        stage.address.installation_id, stage.address.repository_id, "octo-org/gone"
    )
    listing = ListingNeeded(".github/workflows/no-such.yml", "main")
    assert stage.client.actions.read_run(stage.address, NO_RUN) is None
    assert stage.client.actions.read_run_attempt(stage.address, NO_RUN, 1) is None
    assert stage.client.actions.read_runs(stage.address, listing) is None
    assert stage.client.contents.read_repository(gone) is None
    assert stage.client.deployments.read_environments(gone) == ()
    assert stage.client.deployments.read_rule_enabled(gone, ENVIRONMENT) is False


def test_runs_are_listed_by_file_and_branch(either: Stage) -> None:
    """Only runs of the file on the branch are given, and all that there are."""
    wanted = either.github.validate(REPOSITORY)
    either.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    either.github.validate(REPOSITORY, workflow="other.yml")
    on_main = either.client.actions.read_runs(either.address, ListingNeeded(VALIDATION, "main"))
    assert on_main is not None
    assert [run.run_id for run in on_main.runs] == [wanted]
    assert on_main.since is None


def test_a_stale_filter_of_githubs_hides_nothing(stage: Stage) -> None:
    """Runs are chosen here: a listing that GitHub filters may lack the newest ones."""
    stage.github.set_switches(Switches(filtered_listings="stale"))
    wanted = stage.github.validate(REPOSITORY)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]


@pytest.mark.parametrize(
    ("others", "found", "reaches_all", "calls"),
    [(40, True, True, 1), (120, True, True, 2), (240, False, False, 2)],
)
def test_runs_of_other_branches_are_passed_over(
    stage: Stage, others: int, *, found: bool, reaches_all: bool, calls: int
) -> None:
    """Two pages are read at most, and how far they reach is told."""
    wanted = stage.github.validate(REPOSITORY)
    for _ in range(others):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    before = stage.calls() - stage.calls(MINT)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == ([wanted] if found else [])
    assert (listed.since is None) is reaches_all
    assert stage.calls() - stage.calls(MINT) - before == calls


def test_one_page_is_enough_where_it_shows_the_branch(stage: Stage) -> None:
    """Older runs cannot decide: the listing tells since when it is whole."""
    for _ in range(100):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    stage.github.advance(60)
    for _ in range(99):
        stage.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    wanted = stage.github.validate(REPOSITORY)
    listed = stage.client.actions.read_runs(stage.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]
    assert listed.since is not None
    assert listed.since <= listed.runs[0].started_at


def test_waiting_runs_are_read_to_the_last_page(stage: Stage) -> None:
    """More runs than one page holds wait; all are found."""
    waiting = {it.run_id for it in stage.github.deploy_many(REPOSITORY, 130)}
    stage.github.validate(REPOSITORY)
    found = stage.client.actions.read_waiting_runs(stage.address)
    assert {run.run_id for run in found} == waiting
    assert {run.status for run in found} == {"waiting"}


def test_jobs_are_read_to_the_last_page(stage: Stage) -> None:
    """A required job on the third page is not missed."""
    jobs = {f"flow {number}": "success" for number in range(230)}
    run_id = RunId(stage.github.validate(REPOSITORY, jobs=jobs))
    found = stage.client.actions.read_jobs(stage.address, run_id)
    assert {(it.name, it.status, it.conclusion) for it in found} == {
        (name, "completed", "success") for name in jobs
    }
    with pytest.raises(Refused, match="not_found"):
        stage.client.actions.read_jobs(stage.address, RunId(run_id + 1))


def test_pending_environments_are_folded(stage: Stage) -> None:
    """GitHub compares the names of environments without regard to case."""
    stage.github.protect_environment(REPOSITORY, "Staging/EU West")
    run_id = RunId(stage.github.deploy(REPOSITORY, "Staging/EU West").run_id)
    pending = stage.client.actions.read_pending_environments(stage.address, run_id)
    assert pending == {"staging/eu west": "Staging/EU West"}


def test_the_rule_is_found_where_it_is_enabled(either: Stage) -> None:
    """An environment may have any name; where our rule is not enabled it is not found."""
    either.github.protect_environment(REPOSITORY, "Staging/EU West?")
    assert either.client.deployments.read_rule_enabled(either.address, "Staging/EU West?") is True
    assert either.client.deployments.read_rule_enabled(either.address, ENVIRONMENT) is True
    assert either.client.deployments.read_rule_enabled(either.address, "nowhere") is False
    assert either.client.deployments.read_environments(either.address) == (
        ENVIRONMENT,
        "Staging/EU West?",
    )
    either.github.disable_rule(REPOSITORY, ENVIRONMENT)
    assert either.client.deployments.read_rule_enabled(either.address, ENVIRONMENT) is False


def test_the_rule_of_another_app_is_not_ours() -> None:
    """The App is compared by its id, which is asked for when the client id is configured."""
    with staged(client_id="Iv23liABCDEF") as stage:
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is True
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is True
        assert stage.calls("/app") == 1
        stage.github.disable_rule(REPOSITORY, ENVIRONMENT)
        stage.github.register_app(
            public_key_pem=stage.github.world.app(stage.app_id).public_key_pem,
            webhook_secret="another",
            webhook_url=None,
            permissions=PERMISSIONS,
            events_wanted=[],
            name="Other Gate",
            app_id=7,
        )
        stage.github.create_installation(ORGANIZATION, app_id=7)
        stage.github.protect_environment(REPOSITORY, ENVIRONMENT, app_id=7)
        assert stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT) is False


@pytest.mark.parametrize(
    ("state", "conclusion"),
    [(ReviewState.APPROVED, None), (ReviewState.REJECTED, "failure")],
)
def test_an_answer_arrives(either: Stage, state: ReviewState, conclusion: str | None) -> None:
    """What was decided is what GitHub has, comment included."""
    run_id = either.deploy()
    either.client.deployments.send_review(
        either.address, run_id, ENVIRONMENT, state, "because: **it is**", is_timely=lambda: True
    )
    (review,) = either.github.reviews(run_id)
    assert (review.state, review.comment, review.status) == (state, "because: **it is**", 204)
    assert either.client.actions.read_pending_environments(either.address, run_id) == {}
    assert either.github.run_view(run_id).conclusion == conclusion


def test_a_report_answers_nothing(stage: Stage) -> None:
    """After a status report GitHub still waits."""
    run_id = stage.deploy()
    stage.client.deployments.send_report(stage.address, run_id, ENVIRONMENT, "on hold")
    assert [it.state for it in stage.github.reviews(run_id)] == [None]
    assert stage.client.actions.read_pending_environments(stage.address, run_id) == {
        ENVIRONMENT: ENVIRONMENT
    }


def test_a_second_answer_is_told_from_a_first(stage: Stage) -> None:
    """While a reviewer is still awaited, GitHub says that our rule has answered already."""
    stage.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["lisa"])
    run_id = stage.deploy()
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_review(
            stage.address, run_id, ENVIRONMENT, ReviewState.REJECTED, "red", is_timely=lambda: True
        )
    assert caught.value.reason == "already_reviewed"


def test_an_answer_that_nobody_waits_for_is_refused(stage: Stage) -> None:
    """A run that does not wait, or is not there, is named so."""
    validated = RunId(stage.github.validate(REPOSITORY))
    for run_id, reason in [(validated, "nothing_pending"), (NO_RUN, "not_found")]:
        with pytest.raises(Refused) as caught:
            stage.client.deployments.send_review(
                stage.address,
                run_id,
                ENVIRONMENT,
                ReviewState.APPROVED,
                "green",
                is_timely=lambda: True,
            )
        assert caught.value.reason == reason


def test_an_overlong_comment_is_unprocessable(stage: Stage) -> None:
    """GitHub takes 1,024 characters; what it refuses otherwise is no reason to try again."""
    run_id = stage.deploy()
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_report(stage.address, run_id, ENVIRONMENT, "x" * 1025)
    assert caught.value.reason == "unprocessable"


def test_a_missing_permission_is_named(stage: Stage) -> None:
    """An installation that did not grant what we need makes no token for it."""
    run_id = stage.deploy()
    stage.github.grant(stage.address.installation_id, {"actions": "read"})
    with pytest.raises(Refused) as caught:
        stage.client.deployments.send_review(
            stage.address,
            run_id,
            ENVIRONMENT,
            ReviewState.APPROVED,
            "green",
            is_timely=lambda: True,
        )
    assert caught.value.reason == "permission_missing"
    assert "not granted" in caught.value.detail


def test_a_suspended_installation_may_nothing(stage: Stage) -> None:
    """Neither does a token from before work, nor is there a new one."""
    stage.client.contents.read_repository(stage.address)
    stage.github.suspend_installation(stage.address.installation_id)
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "installation_suspended"
    stage.advance(hours=2)
    with pytest.raises(Refused) as caught:
        stage.client.contents.read_repository(stage.address)
    assert caught.value.reason == "installation_suspended"


def test_a_repository_is_read(stage: Stage) -> None:
    """Its name, owner and default branch as they are now."""
    found = stage.client.contents.read_repository(stage.address)
    assert found is not None
    assert (found.full_name, found.owner.login, found.default_branch) == (
        REPOSITORY,
        ORGANIZATION,
        "main",
    )


def test_a_renamed_repository_is_followed(either: Stage) -> None:
    """By its old name everything is found, filters included, and an answer arrives."""
    wanted = either.github.validate(REPOSITORY)
    either.github.start_run(REPOSITORY, "production-validation.yml", branch="feature")
    run_id = either.deploy()
    either.github.put_file(REPOSITORY, POLICY, "version: 1")
    either.github.rename_repository(REPOSITORY, "shop")
    listed = either.client.actions.read_runs(either.address, ListingNeeded(VALIDATION, "main"))
    assert listed is not None
    assert [run.run_id for run in listed.runs] == [wanted]
    assert [run.run_id for run in either.client.actions.read_waiting_runs(either.address)] == [
        run_id
    ]
    assert isinstance(either.client.contents.read_file(either.address, QUESTION), FileFound)
    found = either.client.contents.read_repository(either.address)
    assert found is not None
    assert found.full_name == "octo-org/shop"
    either.client.deployments.send_review(
        either.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    assert [it.state for it in either.github.reviews(run_id)] == ["approved"]
    assert either.calls(REVIEW, status=301) == 1


def test_a_name_that_was_taken_over_is_not_ours(stage: Stage) -> None:
    """A repository that now has the name of one of ours does not answer for it."""
    stage.github.rename_repository(REPOSITORY, "shop")
    stranger = stage.address_of(REPOSITORY)
    run_id = RunId(stage.github.validate(REPOSITORY))
    assert stage.client.actions.read_run(stranger, run_id) is not None
    assert stage.client.actions.read_run(stage.address, run_id) is None
    assert stage.client.contents.read_repository(stage.address) is None


def test_a_token_is_as_narrow_as_its_calls(stage: Stage) -> None:
    """One token to watch and answer, one to read policies; each for one repository."""
    run_id = stage.deploy()
    stage.client.actions.read_run(stage.address, run_id)
    stage.client.actions.read_jobs(stage.address, run_id)
    stage.client.deployments.read_rule_enabled(stage.address, ENVIRONMENT)
    stage.client.deployments.send_review(
        stage.address, run_id, ENVIRONMENT, ReviewState.APPROVED, "green", is_timely=lambda: True
    )
    assert stage.calls(MINT) == 1
    stage.client.contents.read_file(stage.address, QUESTION)
    assert stage.calls(MINT) == 2
    issued = stage.github.tokens._issued.values()
    assert [it.repository_ids for it in issued] == [frozenset({stage.address.repository_id})] * 2
    assert [it.permissions for it in issued] == [
        {"actions": "read", "deployments": "write", "metadata": "read"},
        {"contents": "read", "metadata": "read"},
    ]


def test_a_strangers_repository_id_is_not_found(stage: Stage) -> None:
    """A repository that the installation does not have makes no token."""
    stranger = RepositoryAddress(
        stage.address.installation_id, RepositoryId(1), "octo-org/stranger"
    )
    assert stage.client.contents.read_repository(stranger) is None
    assert isinstance(stage.client.contents.read_file(stranger, QUESTION), FileHidden)


def test_environments_that_may_not_be_seen_are_not_none(stage: Stage) -> None:
    """A lack of permission is not taken for a repository without environments."""
    body = '{"message": "Resource not accessible by integration"}'
    stage.github.add_fault(Fault("/environments$", status=403, body=body))
    with pytest.raises(Refused) as caught:
        stage.client.deployments.read_environments(stage.address)
    assert caught.value.reason == "permission_missing"
