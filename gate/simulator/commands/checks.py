"""Commands about check runs."""

from gate.simulator.commands.command import Stage
from gate.simulator.errors import NoSuchThing
from gate.simulator.events import checks
from gate.simulator.state.checks import CheckRun
from gate.simulator.state.records import CheckRunRecord
from gate.simulator.state.repositories import Repository


def check_runs(stage: Stage, repository: str) -> list[CheckRunRecord]:
    """List the check runs of a repository, oldest first."""
    return [
        CheckRunRecord(
            id=each.id,
            app_id=each.app_id,
            name=each.name,
            head_sha=each.head_sha,
            status=each.status,
            conclusion=each.conclusion,
            external_id=each.external_id,
            details_url=each.details_url,
            title=each.title or "",
            summary=each.summary or "",
            text=each.text or "",
            annotations=tuple(
                (it["path"], it["start_line"], it["annotation_level"], it["message"])
                for it in each.annotations
            ),
        )
        for each in stage.world.repository(repository).check_runs.values()
    ]


def rerequest_check_run(stage: Stage, repository: str, check_run_id: int, login: str) -> None:
    """Press "Re-run" beside a check."""
    found = stage.world.repository(repository)
    value = _check_run(found, check_run_id)
    checks.check_run_changed(stage.world, found, value, "rerequested", stage.world.account(login))


def rerequest_check_suite(stage: Stage, repository: str, check_run_id: int, login: str) -> None:
    """Press "Re-run all checks", for the suite of one check run."""
    found = stage.world.repository(repository)
    value = _check_run(found, check_run_id)
    checks.check_suite_rerequested(stage.world, found, value, stage.world.account(login))


def _check_run(repository: Repository, check_run_id: int) -> CheckRun:
    found = repository.check_runs.get(check_run_id)
    if found is None:
        raise NoSuchThing(f"no check run {check_run_id} in {repository.full_name}")
    return found
