"""Parse a policy file: bytes in, a policy or every problem out.

Pure: the same bytes give the same answer, nothing is read and nothing is raised. The steps are
`tree` (YAML, limits), `document` (values, places), `sections` (keys, types) and `wording`
(messages).
"""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gate.domain.model.ids import environment_key
from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    AlertPolicy,
    EnvironmentPolicy,
    IncidentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    OverridePolicy,
    Permission,
    PermissionReviewer,
    Policy,
    Problem,
    Reactions,
    Reviewer,
    TeamReviewer,
    UserReviewer,
    ValidationRule,
    ValidationState,
)
from gate.domain.model.runs import workflow_file
from gate.policyfile.document import Document, read_document, spell_path
from gate.policyfile.sections import (
    AlertsSection,
    EnvironmentSection,
    IncidentsSection,
    OverrideSection,
    PolicyFile,
    ValidationSection,
    WhenSection,
)
from gate.policyfile.tree import LARGEST_FILE, Place, Unreadable
from gate.policyfile.wording import describe

MOST_PROBLEMS: Final = 100
"""Problems listed of one file; a last one says how many more there are."""

_MOST_REMEMBERED: Final = 8 * 1024 * 1024
"""Bytes of the files whose outcome is remembered: thousands of usual ones, and few of the largest.

What is parsed takes some twenty times the room of its text.
"""

_LEAST_COUNTED: Final = 1024
"""Bytes that a shorter text counts as: what is remembered of it is not nothing either."""

_MISNAMED: Final = Problem(
    1, 1, "", "the gate does not read a file with this name; rename it to deployment-gate.yml"
)

Outcome = Policy | tuple[Problem, ...]


def parse_policy(
    text: bytes, source: str, *, is_remembered: bool = True
) -> LoadedPolicy | InvalidPolicy:
    """Read a policy from the bytes of its file.

    Never raises. A file at the path that people take for the policy's by mistake is none, whatever
    it says. Problems come in the order of the file, each with its place. What came of the texts
    seen last is remembered, so asking for each decision costs a digest and a lookup; a text of the
    past, on which no decision rests any more, is better not.
    """
    digest = sha256(text).hexdigest()
    if source.endswith(MISNAMED_PATH):
        return InvalidPolicy((_MISNAMED,), digest, source)
    # Too large a text is refused at once, and is not worth keeping in memory for that.
    is_remembered = is_remembered and len(text) <= LARGEST_FILE
    outcome = _remembered(text, digest) if is_remembered else _parse(text)
    if isinstance(outcome, Policy):
        return LoadedPolicy(outcome, digest, source)
    return InvalidPolicy(outcome, digest, source)


def _parse(text: bytes) -> Outcome:
    try:
        document = read_document(text)
    except Unreadable as error:
        return (error.problem,)
    try:
        file = PolicyFile.model_validate(document.root)
    except ValidationError as error:
        return _first(document, error.errors(include_url=False))
    if document.problems:
        return _first(document, [])
    environments = {environment_key(name): _environment(e) for name, e in file.environments.items()}
    return Policy(environments, _alerts(file.alerts), _incidents(file.incidents), file.badge)


_outcomes: Final[dict[str, tuple[Outcome, int]]] = {}
"""What came of the texts seen last, by digest, so as not to hold them; each with what it counts."""

_adding: Final = Lock()


def _remembered(text: bytes, digest: str) -> Outcome:
    """Parse a text, unless what came of it is known."""
    known = _outcomes.get(digest)
    if known is not None:
        return known[0]
    outcome = _parse(text)
    with _adding:
        _outcomes[digest] = outcome, max(len(text), _LEAST_COUNTED)
        taken = sum(size for _, size in _outcomes.values())
        while taken > _MOST_REMEMBERED:
            oldest = next(iter(_outcomes))
            taken -= _outcomes.pop(oldest)[1]
    return outcome


def _first(document: Document, errors: list[ErrorDetails]) -> tuple[Problem, ...]:
    """Put the problems in the order of the file; only those that are listed are worded."""
    placed = [(*_placed(document, error), error) for error in errors]
    placed.sort(key=lambda found: (found[0], found[1]))
    worded = [
        Problem(place.line, place.column, path, describe(error))
        for place, path, error in placed[:MOST_PROBLEMS]
    ]
    # A value may be wrong in two ways that say the same; an alias repeats what it stands for.
    problems = sorted({*worded, *document.problems})
    listed = tuple(problems[:MOST_PROBLEMS])
    more = len(problems) - len(listed) + len(placed[MOST_PROBLEMS:])
    if not more:
        return listed
    last = listed[-1]
    return (*listed, Problem(last.line, last.column, "", f"and {more} more problems"))


def _placed(document: Document, error: ErrorDetails) -> tuple[Place, str]:
    location = error["loc"]
    at_key = error["type"] == "extra_forbidden"
    if location[-1:] == ("[key]",) and location not in document.keys:
        # pydantic's way to say that the key itself is wrong
        location, at_key = location[:-1], True
    place = document.place_of_key(location) if at_key else document.place_of_value(location)
    return place, spell_path(location)


def _environment(section: EnvironmentSection) -> EnvironmentPolicy:
    return EnvironmentPolicy(
        validation=_rule(section.validation),
        when=_reactions(section.when),
        give_up_after=section.give_up_after,
        override=_override(section.override),
        mode=section.mode,
    )


def _rule(section: ValidationSection) -> ValidationRule:
    return ValidationRule(
        workflow=workflow_file(section.workflow),
        branch=section.branch,
        events=tuple(section.events),
        max_age=section.max_age,
        required_jobs=tuple(section.required_jobs),
        covers=section.covers,
        infrastructure_workflow=workflow_file(section.infrastructure.workflow),
    )


def _reactions(section: WhenSection) -> Reactions:
    return Reactions(
        failed=section.failed,
        running=section.running,
        inconclusive=section.inconclusive,
        missing=section.missing,
        stale=section.stale,
    )


def _override(section: OverrideSection) -> OverridePolicy:
    return OverridePolicy(
        allow=section.allow,
        holds=tuple(ValidationState(hold) for hold in section.holds),
        reviewers=tuple(_reviewer(text) for text in section.reviewers),
        environment=section.environment,
        prevent_self_review=section.prevent_self_review,
        approvals=section.approvals,
        min_length=section.rationale.min_length,
        acknowledge=section.rationale.acknowledge,
    )


def _alerts(section: AlertsSection) -> AlertPolicy:
    return AlertPolicy(
        channels=tuple(section.channels) if section.channels is not None else None,
        mention=section.mention,
        remind_every=section.remind_every,
        acknowledge_within=section.acknowledge_within,
        decide_within=section.decide_within,
    )


def _incidents(section: IncidentsSection) -> IncidentPolicy:
    return IncidentPolicy(issue=section.issue, labels=tuple(section.labels))


def _reviewer(text: str) -> Reviewer:
    """Take an entry apart that the schema has checked."""
    kind, _, name = text.lower().partition(":")
    match kind:
        case "team":
            organization, _, slug = name.partition("/")
            return TeamReviewer(organization, slug)
        case "user":
            return UserReviewer(name)
        case _:
            return PermissionReviewer(Permission(name))
