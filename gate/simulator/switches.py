"""The points where GitHub's documentation is silent, each modeled both ways.

A client that is right only for one position of a switch is not right. The default is the
position that field reports or the wording of the documentation make the likelier.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Switches:
    """How this simulated GitHub settles what the real one leaves unsaid.

    Each field names the page of GitHub's documentation that stops short of the answer.
    """

    report_budget_per: Literal["deployment", "run_environment"] = "deployment"
    """What the ten status reports are counted on.

    "Creating custom deployment protection rules" says "on the same deployment", but the call
    names a run and an environment. Per deployment, one report counts on every waiting
    deployment of the environment, and a re-run starts at zero; per run and environment it does not.
    """

    eleventh_report: Literal["unprocessable", "ignored"] = "unprocessable"
    """What the report after the tenth gets: 422, or 204 without being recorded."""

    overlong_comment: Literal["unprocessable", "truncated"] = "unprocessable"
    """What a comment of more than 1,024 characters gets: 422, or it is cut and accepted."""

    decision_comment_limited: bool = True
    """Whether the limit of 1,024 characters, stated for reports, binds decisions as well."""

    unknown_environment: Literal["nothing_pending", "not_found"] = "nothing_pending"
    """How a review that names an environment the run never reached is refused.

    Either with the text for "nothing pending", or with a 422 of its own.
    """

    environment_spelling: Literal["any_case", "exact"] = "any_case"
    """Whether calls that name an environment must spell it as it was created.

    GitHub compares names of environments without regard to case where jobs use them (pypi/warehouse
    #13576); of the calls that review a rule or read an environment nothing is said.
    """

    hides_missing_permission: bool = False
    """Whether a review without `deployments: write` gets 404 in place of 403.

    "Troubleshooting the REST API" allows both answers to a lack of permission.
    """

    reads_public_repositories: bool = False
    """Whether an installation's token reads public repositories that it was not made for.

    "Authenticating as a GitHub App installation" speaks of the resources of the installation; that
    what is public may be read as well follows from its being public.
    """

    concurrent_reviews_conflict: bool = True
    """Whether a review that overlaps another of the same run and environment is refused.

    Clients that review matrix jobs concurrently report the 422 "There was a problem approving
    one of the gates". Reviews overlap when answers take time: set a latency.
    """

    approval_covers_later_jobs: bool = False
    """Whether a job that reaches the environment after an approval passes without asking.

    "Reviewing deployments" speaks of the jobs that wait; later ones are not mentioned.
    """

    rerun_asks_again: bool = True
    """Whether a re-run sends a new `deployment_protection_rule` with a new deployment.

    When off, a job that was approved in an earlier attempt passes unasked.
    """

    job_without_deployment: Literal["fails", "asks"] = "fails"
    """What becomes of a job with `deployment: false` that a custom rule gates.

    "Deployments and environments" says that it fails with an error. What an App would be sent if it
    did not, or before it does, is not said: a delivery without `deployment`.
    """

    partial_rerun_lists: Literal["all", "rerun"] = "all"
    """Which jobs an attempt lists that ran only some of them again: all of the run, those that it
    did not run with their old times, or only those that it ran.

    "List jobs for a workflow run attempt" does not tell, and reports differ.
    """

    filtered_listings: Literal["current", "stale"] = "current"
    """Whether a listing of runs that is filtered by branch or event has the runs of the last hour.

    "List workflow runs for a workflow" promises nothing; clients report that newer runs are
    missing (PyGithub #2225, cli/cli #5440).
    """

    own_decision_sends_deployment_review: bool = False
    """Whether the decision of an App fires `deployment_review`, as a reviewer's does.

    "Webhook events and payloads" says only that a review was submitted, not by whom.
    """

    own_decision_in_approvals: bool = True
    """Whether the decision of an App is listed in the review history of the run."""

    reports_in_approvals: bool = True
    """Whether status reports are listed there with the state `pending`."""

    review_since: Literal["review", "waiting"] = "review"
    """What `since` tells in a submitted `deployment_review`: when it was given, or since when the
    deployment waited for it.

    "Webhook events and payloads" names the field and says nothing of its meaning.
    """

    bypass_sends_deployment_review: bool = False
    """Whether an administrator's bypass fires `deployment_review`.

    "Reviewing deployments" describes the bypass, no webhook for it is documented.
    """

    bypass_in_approvals: bool = True
    """Whether a bypass, with the administrator's comment, is listed in the review history."""

    rejection_statuses: tuple[str, ...] = ("failure",)
    """The deployment statuses that follow a rejection by a custom rule.

    Only a reviewer's rejection has been observed (`failure`); `("queued", "failure")` and
    `("error",)` are as possible.
    """

    cancelled_deployment_state: Literal["failure", "inactive", "error"] = "failure"
    """The last status of a deployment whose waiting run was cancelled."""

    removed_installation: Literal["hang", "fail"] = "hang"
    """What becomes of waiting jobs when the App is uninstalled or suspended.

    They hang until the 30 days are over, or they fail at once.
    """

    ip_allow_list_binds: Literal["calls", "tokens"] = "calls"
    """Whom an organization's IP allow list stops.

    Each call with an installation's token, or already the App that asks for such a token.

    "Managing allowed IP addresses for your organization" speaks of access to resources alone.
    """

    shows_can_admins_bypass: bool = True
    """Whether environments carry `can_admins_bypass`, which the REST reference omits."""

    reviews_without_organization: Literal["sent", "withheld"] = "sent"
    """Whether `deployment_review` is sent for repositories that belong to a user.

    The published schema requires `organization`; "sent" leaves the field out.
    """

    wait_timer: Literal["parallel", "first"] = "parallel"
    """Whether a wait timer runs beside the custom rules or has to end before they are asked."""

    prevent_self_review_binds: Literal["actor", "triggering_actor"] = "actor"
    """Whom "prevent self-review" keeps from approving a re-run.

    "Deployments and environments" says "users who initiate a deployment": who started the run,
    or who re-ran it.
    """

    pending_deployments_by_app: Literal["forbidden", "unprocessable"] = "forbidden"
    """How an App is refused that reviews as if it were a required reviewer: 403 or 422."""

    timed_out_status_code: Literal[0, 504] = 0
    """The `status_code` in the delivery log of a delivery that was not answered in 10 s.

    With 0 the filter `status=failure` (400 to 599) does not find it.
    """

    hook_target_type: str = "integration"
    """The value of `X-GitHub-Hook-Installation-Target-Type` in deliveries to an App."""
