"""Commands: everything a story can make happen, in one table that is performed two ways.

A command is a function of the world. `Commands` lists them; `SimulatedGitHub` performs them in
this process under its lock, `SimulatorClient` asks another process to, with the same signatures.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from gate.simulator.commands import (
    apps,
    checks,
    faults,
    issues,
    oidc,
    pull_requests,
    rate_limits,
    readings,
    repositories,
    runs,
    users,
)
from gate.simulator.commands.command import Command


class Commands(ABC):
    """The table. Whoever inherits it says, in `perform`, how a command is performed."""

    register_app = Command(apps.register_app)
    set_webhook_url = Command(apps.set_webhook_url)
    set_client = Command(apps.set_client)
    create_installation = Command(apps.create_installation)
    suspend_installation = Command(apps.suspend_installation)
    unsuspend_installation = Command(apps.unsuspend_installation)
    delete_installation = Command(apps.delete_installation)
    grant = Command(apps.grant)
    set_ip_allow_list = Command(apps.set_ip_allow_list)
    replace_app_key = Command(apps.replace_app_key)

    add_repository = Command(repositories.add_repository)
    create_repository = Command(repositories.create_repository)
    remove_repository = Command(repositories.remove_repository)
    archive_repository = Command(repositories.archive_repository)
    rename_repository = Command(repositories.rename_repository)
    put_file = Command(repositories.put_file)
    delete_file = Command(repositories.delete_file)
    protect_environment = Command(repositories.protect_environment)
    disable_rule = Command(repositories.disable_rule)
    delete_environment = Command(repositories.delete_environment)
    set_role = Command(repositories.set_role)
    set_team_member = Command(repositories.set_team_member)

    start_run = Command(runs.start_run)
    progress_run = Command(runs.progress_run)
    complete_run = Command(runs.complete_run)
    rerun = Command(runs.rerun)
    rerun_failed_jobs = Command(runs.rerun_failed_jobs)
    rerun_job = Command(runs.rerun_job)
    cancel_run = Command(runs.cancel_run)
    cancel_job = Command(runs.cancel_job)
    reach_environment = Command(runs.reach_environment)
    use_environment = Command(runs.use_environment)
    deploy = Command(runs.deploy)
    deploy_many = Command(runs.deploy_many)
    validate = Command(runs.validate)
    start_job = Command(runs.start_job)
    finish_job = Command(runs.finish_job)
    review_as = Command(runs.review_as)
    bypass = Command(runs.bypass)
    add_artifact = Command(runs.add_artifact)

    sign_in_as = Command(users.sign_in_as)
    revoke_authorization = Command(users.revoke_authorization)

    token_request = Command(oidc.token_request)
    mint_token = Command(oidc.mint_token)
    rotate_oidc_key = Command(oidc.rotate_oidc_key)

    open_issue = Command(issues.open_issue)
    close_issue = Command(issues.close_issue)
    reopen_issue = Command(issues.reopen_issue)
    assign_issue = Command(issues.assign_issue)
    enable_issues = Command(issues.enable_issues)
    issues_of = Command(issues.issues_of)
    comment_on_issue = Command(issues.comment_on_issue)
    edit_issue = Command(issues.edit_issue)
    edit_comment = Command(issues.edit_comment)
    delete_comment = Command(issues.delete_comment)
    comments = Command(issues.comments)

    open_pull_request = Command(pull_requests.open_pull_request)
    push_to_pull_request = Command(pull_requests.push_to_pull_request)
    retarget_pull_request = Command(pull_requests.retarget_pull_request)
    merge_pull_request = Command(pull_requests.merge_pull_request)

    check_runs = Command(checks.check_runs)
    rerequest_check_run = Command(checks.rerequest_check_run)
    rerequest_check_suite = Command(checks.rerequest_check_suite)

    add_fault = Command(faults.add_fault)
    add_webhook_fault = Command(faults.add_webhook_fault)
    clear_faults = Command(faults.clear_faults)
    limit_secondary = Command(rate_limits.limit_secondary)
    set_switches = Command(faults.set_switches)
    set_latency = Command(faults.set_latency)
    set_rate_limit = Command(rate_limits.set_rate_limit)
    use_up_rate_limit = Command(rate_limits.use_up_rate_limit)
    advance = Command(faults.advance)

    reviews = Command(readings.reviews)
    requests = Command(readings.requests)
    deliveries = Command(readings.deliveries)
    payload = Command(readings.payload)
    run_view = Command(readings.run_view)
    deployment_statuses = Command(readings.deployment_statuses)
    totals = Command(readings.totals)
    reset_totals = Command(readings.reset_totals)

    @abstractmethod
    def perform(self, command: "Command[Any, Any]", arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        """Perform one command; the result is of the type the command declares."""


def command_named(name: str) -> "Command[Any, Any] | None":
    """Find a command by its name."""
    table: Mapping[str, Any] = vars(Commands)
    found = table.get(name)
    return found if isinstance(found, Command) else None
