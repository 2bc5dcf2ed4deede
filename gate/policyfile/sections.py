"""Describe the whole policy file: every key, its default and what it means.

Pure. These models are the one description: the parser validates with them, and the JSON Schema
(`gate.policyfile.schema`) and the reference page are made from them. Defaults of what the gate acts
on come from `gate.domain.model.policy`. Validate only what `gate.policyfile.document` read: the
models find what is wrong, `gate.policyfile.wording` adds places and words.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from gate.domain.model.alert import Channel, Mention
from gate.domain.model.policy.policy import (
    AlertPolicy,
    Badge,
    Covers,
    EnvironmentPolicy,
    IncidentPolicy,
    Mode,
    OverridePolicy,
    Reaction,
    Reactions,
    ValidationRule,
)
from gate.policyfile.values import (
    BranchName,
    Duration,
    EnvironmentName,
    Event,
    HoldDuration,
    Label,
    Line,
    PauseDuration,
    Reviewer,
    Version,
    WorkflowFile,
)

_UNIQUE: Final[JsonDict] = {"uniqueItems": True}

_RULE: Final = ValidationRule()
_REACTIONS: Final = Reactions()
_OVERRIDE: Final = OverridePolicy()
_ENVIRONMENT: Final = EnvironmentPolicy()
_ALERTS: Final = AlertPolicy()
_INCIDENTS: Final = IncidentPolicy()
_WORKFLOWS: Final = ".github/workflows/"

# Lax for enums alone: strict would ask for the enum's member, and a file holds its value.
CoversValue = Annotated[Covers, Field(strict=False)]
ModeValue = Annotated[Mode, Field(strict=False)]
ChannelValue = Annotated[Channel, Field(strict=False)]
MentionValue = Annotated[Mention, Field(strict=False)]
BadgeValue = Annotated[Badge, Field(strict=False)]
ReactionValue = Annotated[Reaction, Field(strict=False)]
OverridableHold = Literal["failed", "inconclusive", "missing", "stale", "uncovered"]


class _Section(BaseModel):
    """A mapping that takes the keys named here and no other."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class InfrastructureSection(_Section):
    """The workflow whose changes a validation must cover."""

    workflow: WorkflowFile = Field(
        default=_RULE.infrastructure_workflow.removeprefix(_WORKFLOWS),
        description="File in `.github/workflows` that changes the infrastructure."
        " Used only with `covers: infrastructure`.",
    )


class ValidationSection(_Section):
    """Which workflow run counts as the validation, and what it requires."""

    workflow: WorkflowFile = Field(
        default=_RULE.workflow.removeprefix(_WORKFLOWS),
        description="File in `.github/workflows` whose newest run is the validation."
        " The name inside the file does not matter.",
    )
    branch: BranchName | None = Field(
        default=_RULE.branch,
        description="Branch of the run. Default: the repository's default branch.",
        examples=["main"],
    )
    events: list[Event] = Field(
        default=list(_RULE.events),
        min_length=1,
        json_schema_extra=_UNIQUE,
        description="Events that may start the run.",
    )
    max_age: Duration = Field(
        default=_RULE.max_age,
        description="How long a pass counts, measured from the start of its oldest counting job.",
    )
    required_jobs: list[Line] = Field(
        default=list(_RULE.required_jobs),
        json_schema_extra=_UNIQUE,
        description="Names of jobs, as GitHub shows them, that must all succeed."
        " A successful run in which one of them was skipped does not pass.",
    )
    covers: CoversValue = Field(
        default=_RULE.covers,
        description="What the run must cover. `latest`: nothing more. `same-commit`: it ran on the"
        " commit that is deployed. `infrastructure`: it started after every run of"
        " `infrastructure.workflow` on the policy's branch had ended, with any result.",
    )
    infrastructure: InfrastructureSection = Field(
        default_factory=InfrastructureSection, description="Used with `covers: infrastructure`."
    )


class WhenSection(_Section):
    """What to do without a pass: `hold` waits, `reject` fails the deployment."""

    failed: ReactionValue = Field(
        default=_REACTIONS.failed, description="The newest run failed or timed out."
    )
    running: ReactionValue = Field(
        default=_REACTIONS.running, description="The newest run has not ended."
    )
    inconclusive: ReactionValue = Field(
        default=_REACTIONS.inconclusive,
        description="The newest run was cancelled, or its conclusion is neutral or unknown.",
    )
    missing: ReactionValue = Field(default=_REACTIONS.missing, description="There is no run.")
    stale: ReactionValue = Field(
        default=_REACTIONS.stale,
        description="The newest run passed, but longer ago than `max_age`.",
    )


class RationaleSection(_Section):
    """What the comment of an override must contain."""

    min_length: int = Field(
        default=_OVERRIDE.min_length,
        ge=1,
        description="Minimum characters of a rationale, without spaces and the `acknowledge`"
        " phrase.",
    )
    acknowledge: Line = Field(
        default=_OVERRIDE.acknowledge, description="Phrase that the comment must contain."
    )


class OverrideSection(_Section):
    """Who may release a held deployment, and how."""

    allow: bool = Field(default=_OVERRIDE.allow, description="Whether holds can be overridden.")
    holds: list[OverridableHold] = Field(
        default=cast("list[OverridableHold]", [hold.value for hold in _OVERRIDE.holds]),
        json_schema_extra=_UNIQUE,
        description="Which holds an override may release. `running` is not allowed, because the"
        " result is still to come. A validation that waits for itself counts as `inconclusive`.",
    )
    reviewers: list[Reviewer] = Field(
        default=[],
        json_schema_extra=_UNIQUE,
        description="Who may override: `team:ORGANIZATION/SLUG`, `user:LOGIN`,"
        " `permission:admin`, `permission:maintain` or `permission:write`. Empty: the"
        " required reviewers of the environment in GitHub.",
        examples=[["team:acme/production-owners", "user:octocat", "permission:maintain"]],
    )
    environment: EnvironmentName | None = Field(
        default=_OVERRIDE.environment,
        description="Environment whose reviewers approve an override."
        " Default: the name of the gated environment, followed by `-override`.",
        examples=["production-frontend-override"],
    )
    prevent_self_review: bool = Field(
        default=_OVERRIDE.prevent_self_review,
        description="Whether the person who started the deployment may not override it.",
    )
    approvals: int = Field(
        default=_OVERRIDE.approvals, ge=1, description="How many people must override."
    )
    rationale: RationaleSection = Field(
        default_factory=RationaleSection, description="What the comment must contain."
    )


class EnvironmentSection(_Section):
    """The rules for one environment. Every key is optional."""

    validation: ValidationSection = Field(
        default_factory=ValidationSection,
        description="Which run counts as the validation, and what it requires.",
    )
    when: WhenSection = Field(
        default_factory=WhenSection,
        description="What to do without a pass: `hold` waits, `reject` fails the deployment.",
    )
    give_up_after: HoldDuration = Field(
        default=_ENVIRONMENT.give_up_after,
        description="Age at which a hold is rejected. At most 29d, because GitHub itself fails the"
        " deployment after 30.",
    )
    override: OverrideSection = Field(
        default_factory=OverrideSection,
        description="Who may release a held deployment, and how.",
    )
    mode: ModeValue = Field(
        default=_ENVIRONMENT.mode,
        description="`enforce` holds deployments. `observe` records each verdict and approves.",
    )


class AlertsSection(_Section):
    """Who is alerted to a failed validation, and when they are reminded."""

    channels: list[ChannelValue] | None = Field(
        default=None,
        json_schema_extra=_UNIQUE,
        description="Channels of the server to use. Default: all that are configured.",
    )
    mention: MentionValue = Field(
        default=_ALERTS.mention, description="Who is mentioned by a critical alert in Slack."
    )
    remind_every: PauseDuration = Field(
        default=_ALERTS.remind_every, description="Time between reminders, at least 10m."
    )
    acknowledge_within: Duration = Field(
        default=_ALERTS.acknowledge_within,
        description="Time within which someone must acknowledge the incident.",
    )
    decide_within: Duration = Field(
        default=_ALERTS.decide_within,
        description="Time within which someone must decide what to do.",
    )


class IncidentsSection(_Section):
    """How incidents are tracked."""

    issue: bool = Field(
        default=_INCIDENTS.issue,
        description="Whether to track each incident as an issue on GitHub.",
    )
    labels: list[Label] = Field(
        default=list(_INCIDENTS.labels),
        json_schema_extra=_UNIQUE,
        description="Labels of that issue.",
    )


class PolicyFile(_Section):
    """The rules of this repository for the deployment gate."""

    version: Version = Field(description="Version of the format. The only version is 1.")
    environments: dict[EnvironmentName, EnvironmentSection] = Field(
        min_length=1,
        # Names are a pattern to the schema; what does not match it must not slip through.
        json_schema_extra={"additionalProperties": False},
        description="The gated environments, by name. Case does not matter.",
    )
    alerts: AlertsSection = Field(
        default_factory=AlertsSection,
        description="Who is alerted to a failed validation.",
    )
    incidents: IncidentsSection = Field(
        default_factory=IncidentsSection,
        description="How incidents are tracked.",
    )
    badge: BadgeValue = Field(
        default=Badge.PRIVATE,
        description="Who may see the badges of the environments. `public`: everybody, such as the"
        " readers of a README. `private`: only people who may see the repository. Where the"
        " organization has a policy, a badge is public only if that says `public` too.",
    )
