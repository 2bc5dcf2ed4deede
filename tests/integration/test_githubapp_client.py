"""The client gets its answers from GitHub, and GitHub the client's, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gate.domain.github import FileAbsent, FileFound, FileUnchanged, Installation, Place
from gate.domain.ids import InstallationId, RepositoryId, RunId
from gate.domain.missing import ListingNeeded
from gate.domain.request import ReviewState
from gate.domain.runs import Job
from gate.errors import Refused
from gate.manifest import load_manifest
from gate.reconciler.ports import GitHub
from gate.simulator.faults import WebhookFault
from tests.unit.githubapp.stage import (
    ENVIRONMENT,
    HOOK_URL,
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


def test_the_client_fulfils_the_port(stage: Stage) -> None:
    """The reconciler's protocol is what the client has; mypy checks the signatures here."""
    port: GitHub = stage.client
    assert port.read_installations()


def test_a_run_is_read(either: Stage) -> None:
    """A run is read by id, the newest attempt or an earlier one."""
    run_id = RunId(either.github.validate(REPOSITORY, "failure"))
    either.github.rerun(run_id)
    newest = either.client.read_run(either.place, run_id)
    first = either.client.read_run_attempt(either.place, run_id, 1)
    assert newest is not None
    assert first is not None
    assert (newest.run_attempt, newest.conclusion) == (2, None)
    assert (first.run_attempt, first.conclusion, first.path) == (1, "failure", VALIDATION)
    assert first.head_repository_id == first.repository_id == either.place.repository_id


def test_what_does_not_exist_is_none(stage: Stage) -> None:
    """An absence is an answer, not an error."""
    gone = Place(stage.place.installation_id, stage.place.repository_id, "octo-org/gone")
    listing = ListingNeeded(".github/workflows/no-such.yml", "main")
    assert stage.client.read_run(stage.place, NO_RUN) is None
    assert stage.client.read_run_attempt(stage.place, NO_RUN, 1) is None
    assert stage.client.read_runs(stage.place, listing) == ()
    assert stage.client.read_repository(gone) is None
    assert stage.client.read_environments(gone) == ()
    assert stage.client.read_rule_enabled(gone, ENVIRONMENT) is False


def test_runs_are_listed_by_file_and_branch(either: Stage) -> None:
    """Only runs of the file on the branch are given; without a branch, on all of them."""
    wanted = either.github.validate(REPOSITORY)
    other_branch = either.github.start_run(
        REPOSITORY, "production-validation.yml", branch="feature"
    )
    either.github.validate(REPOSITORY, workflow="other.yml")
    on_main = either.client.read_runs(either.place, ListingNeeded(VALIDATION, "main"))
    anywhere = either.client.read_runs(either.place, ListingNeeded(VALIDATION, None))
    assert [run.run_id for run in on_main] == [wanted]
    assert {run.run_id for run in anywhere} == {wanted, other_branch}


def test_waiting_runs_are_read_to_the_last_page(stage: Stage) -> None:
    """More runs than one page holds wait; all are found."""
    waiting = {it.run_id for it in stage.github.deploy_many(REPOSITORY, 130)}
    stage.github.validate(REPOSITORY)
    found = stage.client.read_waiting_runs(stage.place)
    assert {run.run_id for run in found} == waiting
    assert {run.status for run in found} == {"waiting"}


def test_jobs_are_read_to_the_last_page(stage: Stage) -> None:
    """A required job on the third page is not missed."""
    jobs = {f"flow {number}": "success" for number in range(230)}
    run_id = RunId(stage.github.validate(REPOSITORY, jobs=jobs))
    found = stage.client.read_jobs(stage.place, run_id, 1)
    assert {Job(name, "completed", "success") for name in jobs} <= set(found)
    with pytest.raises(Refused, match="not_found"):
        stage.client.read_jobs(stage.place, run_id, 2)


def test_pending_environments_are_folded(stage: Stage) -> None:
    """GitHub compares the names of environments without regard to case."""
    stage.github.protect_environment(REPOSITORY, "Staging/EU West")
    run_id = RunId(stage.github.deploy(REPOSITORY, "Staging/EU West").run_id)
    pending = stage.client.read_pending_environments(stage.place, run_id)
    assert pending == {"staging/eu west"}


def test_the_rule_is_found_where_it_is_enabled(either: Stage) -> None:
    """An environment may have any name; where our rule is not enabled it is not found."""
    either.github.protect_environment(REPOSITORY, "Staging/EU West?")
    assert either.client.read_rule_enabled(either.place, "Staging/EU West?") is True
    assert either.client.read_rule_enabled(either.place, ENVIRONMENT) is True
    assert either.client.read_rule_enabled(either.place, "nowhere") is False
    assert either.client.read_environments(either.place) == (ENVIRONMENT, "Staging/EU West?")
    either.github.disable_rule(REPOSITORY, ENVIRONMENT)
    assert either.client.read_rule_enabled(either.place, ENVIRONMENT) is False


def test_the_rule_of_another_app_is_not_ours() -> None:
    """The App is compared by its id, which is asked for when the client id is configured."""
    with staged(client_id="Iv23liABCDEF") as stage:
        assert stage.client.read_rule_enabled(stage.place, ENVIRONMENT) is True
        assert stage.client.read_rule_enabled(stage.place, ENVIRONMENT) is True
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
        assert stage.client.read_rule_enabled(stage.place, ENVIRONMENT) is False


@pytest.mark.parametrize(
    ("state", "conclusion"),
    [(ReviewState.APPROVED, None), (ReviewState.REJECTED, "failure")],
)
def test_an_answer_arrives(either: Stage, state: ReviewState, conclusion: str | None) -> None:
    """What was decided is what GitHub has, comment included."""
    run_id = either.deploy()
    either.client.send_review(either.place, run_id, ENVIRONMENT, state, "because: **it is**")
    (review,) = either.github.reviews(run_id)
    assert (review.state, review.comment, review.status) == (state, "because: **it is**", 204)
    assert either.client.read_pending_environments(either.place, run_id) == frozenset()
    assert either.github.run_view(run_id).conclusion == conclusion


def test_a_report_answers_nothing(stage: Stage) -> None:
    """After a status report GitHub still waits."""
    run_id = stage.deploy()
    stage.client.send_report(stage.place, run_id, ENVIRONMENT, "on hold")
    assert [it.state for it in stage.github.reviews(run_id)] == [None]
    assert stage.client.read_pending_environments(stage.place, run_id) == {ENVIRONMENT}


def test_a_second_answer_is_told_from_a_first(stage: Stage) -> None:
    """While a reviewer is still awaited, GitHub says that our rule has answered already."""
    stage.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["lisa"])
    run_id = stage.deploy()
    stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")
    with pytest.raises(Refused) as caught:
        stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.REJECTED, "red")
    assert caught.value.reason == "already_reviewed"


def test_an_answer_that_nobody_waits_for_is_refused(stage: Stage) -> None:
    """A run that does not wait, or is not there, is named so."""
    validated = RunId(stage.github.validate(REPOSITORY))
    for run_id, reason in [(validated, "nothing_pending"), (NO_RUN, "not_found")]:
        with pytest.raises(Refused) as caught:
            stage.client.send_review(
                stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green"
            )
        assert caught.value.reason == reason


def test_an_overlong_comment_is_unprocessable(stage: Stage) -> None:
    """GitHub takes 1,024 characters; what it refuses otherwise is no reason to try again."""
    run_id = stage.deploy()
    with pytest.raises(Refused) as caught:
        stage.client.send_report(stage.place, run_id, ENVIRONMENT, "x" * 1025)
    assert caught.value.reason == "unprocessable"


def test_a_missing_permission_is_named(stage: Stage) -> None:
    """An installation that did not grant what we need makes no token for it."""
    run_id = stage.deploy()
    stage.github.grant(stage.place.installation_id, {"actions": "read"})
    with pytest.raises(Refused) as caught:
        stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")
    assert caught.value.reason == "permission_missing"
    assert "not granted" in caught.value.detail


def test_a_suspended_installation_may_nothing(stage: Stage) -> None:
    """Neither does a token from before work, nor is there a new one."""
    stage.client.read_repository(stage.place)
    stage.github.suspend_installation(stage.place.installation_id)
    with pytest.raises(Refused) as caught:
        stage.client.read_repository(stage.place)
    assert caught.value.reason == "permission_missing"
    stage.advance(hours=2)
    with pytest.raises(Refused) as caught:
        stage.client.read_repository(stage.place)
    assert caught.value.reason == "permission_missing"


def test_a_repository_is_read(stage: Stage) -> None:
    """Its name, owner and default branch as they are now."""
    found = stage.client.read_repository(stage.place)
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
    listed = either.client.read_runs(either.place, ListingNeeded(VALIDATION, "main"))
    assert [run.run_id for run in listed] == [wanted]
    assert [run.run_id for run in either.client.read_waiting_runs(either.place)] == [run_id]
    assert isinstance(either.client.read_file(either.place, POLICY, None), FileFound)
    found = either.client.read_repository(either.place)
    assert found is not None
    assert found.full_name == "octo-org/shop"
    either.client.send_review(either.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")
    assert [it.state for it in either.github.reviews(run_id)] == ["approved"]
    assert either.calls(REVIEW, status=301) == 1


def test_a_name_that_was_taken_over_is_not_ours(stage: Stage) -> None:
    """A repository that now has the name of one of ours does not answer for it."""
    stage.github.rename_repository(REPOSITORY, "shop")
    stranger = stage.place_of(REPOSITORY)
    run_id = RunId(stage.github.validate(REPOSITORY))
    assert stage.client.read_run(stranger, run_id) is not None
    assert stage.client.read_run(stage.place, run_id) is None
    assert stage.client.read_repository(stage.place) is None


def test_a_file_is_read_as_it_is(either: Stage) -> None:
    """Bytes come back unchanged, and only while they are new."""
    text = "version: 1 # \N{LATIN SMALL LETTER U WITH DIAERESIS}\r\n\ttab\0"
    either.github.put_file(REPOSITORY, POLICY, text)
    found = either.client.read_file(either.place, POLICY, None)
    assert isinstance(found, FileFound)
    assert found.content == text.encode()
    assert either.client.read_file(either.place, POLICY, found.etag) == FileUnchanged()
    either.github.put_file(REPOSITORY, POLICY, "version: 2")
    changed = either.client.read_file(either.place, POLICY, found.etag)
    assert isinstance(changed, FileFound)
    assert changed.content == b"version: 2"
    either.github.delete_file(REPOSITORY, POLICY)
    assert either.client.read_file(either.place, POLICY, changed.etag) == FileAbsent()


def test_a_file_is_read_from_the_default_branch(stage: Stage) -> None:
    """What stands on the branch that is deployed has no say."""
    stage.github.put_file(REPOSITORY, POLICY, "lax", branch="feature")
    assert stage.client.read_file(stage.place, POLICY, None) == FileAbsent()


@pytest.mark.parametrize(("size", "is_read"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_a_file_has_a_largest_size(stage: Stage, size: int, *, is_read: bool) -> None:
    """Beyond 256 KiB it is refused, not taken for absent."""
    stage.github.put_file(REPOSITORY, POLICY, "x" * size)
    if is_read:
        assert isinstance(stage.client.read_file(stage.place, POLICY, None), FileFound)
        return
    with pytest.raises(Refused) as caught:
        stage.client.read_file(stage.place, POLICY, None)
    assert caught.value.reason == "too_large"


def test_an_organizations_file_is_read(either: Stage) -> None:
    """It is found once the App sees the `.github` repository, and not before."""
    client, installation_id = either.client, either.place.installation_id
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.create_repository(f"{ORGANIZATION}/.github")
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.add_repository(installation_id, f"{ORGANIZATION}/.github")
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, None) == (
        FileAbsent()
    )
    either.github.put_file(f"{ORGANIZATION}/.github", POLICY, "floor")
    found = client.read_organization_file(installation_id, ORGANIZATION, POLICY, None)
    assert isinstance(found, FileFound)
    assert client.read_organization_file(installation_id, ORGANIZATION, POLICY, found.etag) == (
        FileUnchanged()
    )


def test_without_the_permission_no_file_is_absent(stage: Stage) -> None:
    """Who may not read must not conclude that there is no policy; answers do not need it."""
    run_id = stage.deploy()
    stage.github.grant(stage.place.installation_id, {"actions": "read", "deployments": "write"})
    installation_id = stage.place.installation_id
    stage.github.create_repository(f"{ORGANIZATION}/.github", installation_id)
    with pytest.raises(Refused) as own:
        stage.client.read_file(stage.place, POLICY, None)
    with pytest.raises(Refused) as shared:
        stage.client.read_organization_file(installation_id, ORGANIZATION, POLICY, None)
    assert own.value.reason == shared.value.reason == "permission_missing"
    stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")


def test_installations_and_repositories_are_read_to_the_last_page(stage: Stage) -> None:
    """More than a page of each; a suspended installation is told as such."""
    others = [stage.github.create_installation(f"org-{number}") for number in range(110)]
    stage.github.suspend_installation(others[0])
    for number in range(110):
        stage.place_of(f"{ORGANIZATION}/repository-{number}")
    found = stage.client.read_installations()
    assert {it.id for it in found} == {stage.place.installation_id, *others}
    assert [it.id for it in found if it.suspended] == [others[0]]
    own = next(it for it in found if it.id == stage.place.installation_id)
    repositories = stage.client.read_installation_repositories(own)
    assert len({it.id for it in repositories}) == 111
    assert {it.installation_id for it in repositories} == {own.id}
    assert own.account.login == ORGANIZATION


def test_an_installation_that_is_gone_is_refused(stage: Stage) -> None:
    """It may have been deleted after it was listed."""
    (own,) = stage.client.read_installations()
    gone = Installation(InstallationId(own.id + 1), own.account, suspended=False)
    with pytest.raises(Refused) as caught:
        stage.client.read_installation_repositories(gone)
    assert caught.value.reason == "not_found"


def test_the_delivery_log_is_read_page_by_page(stage: Stage) -> None:
    """Newest first, over more than one page, and no further than is looked at."""
    for number in range(130):
        stage.github.put_file(REPOSITORY, "README.md", str(number))
    assert stage.github.wait_until_delivered()
    log = stage.github.deliveries()
    assert len(log) > 100
    first = next(stage.client.read_hook_deliveries())
    assert stage.calls("/app/hook/deliveries") == 1
    found = list(stage.client.read_hook_deliveries())
    assert found[0] == first
    assert [it.number for it in found] == [it.id for it in log]
    assert [it.delivery_id for it in found] == [it.guid for it in log]
    assert not any(it.succeeded for it in found)
    assert {it.event for it in found} >= {"push"}
    assert all(abs(it.delivered_at - log[0].delivered_at) < timedelta(minutes=5) for it in found)


def test_a_redelivery_is_asked_for(stage: Stage) -> None:
    """GitHub tries again under the same delivery id; one it has forgotten is refused."""
    stage.github.put_file(REPOSITORY, "README.md", "again")
    assert stage.github.wait_until_delivered()
    failed = next(stage.client.read_hook_deliveries())
    stage.github.add_webhook_fault(WebhookFault("drop"))
    stage.client.send_redelivery(failed.number)
    assert stage.github.wait_until_delivered()
    again = next(stage.client.read_hook_deliveries())
    assert again.number != failed.number
    assert again.delivery_id == failed.delivery_id
    with pytest.raises(Refused) as caught:
        stage.client.send_redelivery(1)
    assert caught.value.reason == "not_found"


def test_the_app_is_read(either: Stage) -> None:
    """What the doctor compares: id, permissions, events, hook and clock."""
    app = either.client.read_app()
    assert (app.id, app.slug) == (either.app_id, "deployment-gate")
    assert app.permissions == load_manifest().permissions
    assert set(app.events) == {"push", "workflow_run"}
    assert either.client.read_hook_url() == HOOK_URL
    told = either.client.read_time()
    assert told is not None
    assert told.utcoffset() == timedelta(0)


def test_a_token_is_as_narrow_as_its_calls(stage: Stage) -> None:
    """One token to watch and answer, one to read policies; each for one repository."""
    run_id = stage.deploy()
    stage.client.read_run(stage.place, run_id)
    stage.client.read_jobs(stage.place, run_id, 1)
    stage.client.read_rule_enabled(stage.place, ENVIRONMENT)
    stage.client.send_review(stage.place, run_id, ENVIRONMENT, ReviewState.APPROVED, "green")
    assert stage.calls(MINT) == 1
    stage.client.read_file(stage.place, POLICY, None)
    assert stage.calls(MINT) == 2
    issued = stage.github.tokens._issued.values()
    assert [it.repository_ids for it in issued] == [frozenset({stage.place.repository_id})] * 2
    assert [it.permissions for it in issued] == [
        {"actions": "read", "deployments": "write", "metadata": "read"},
        {"contents": "read", "metadata": "read"},
    ]


def test_a_strangers_repository_id_is_not_found(stage: Stage) -> None:
    """A repository that the installation does not have makes no token."""
    stranger = Place(stage.place.installation_id, RepositoryId(1), "octo-org/stranger")
    assert stage.client.read_repository(stranger) is None
    assert stage.client.read_file(stranger, POLICY, None) == FileAbsent()
