"""List what a person can do about a held deployment, for the comment on it and for its page.

Pure. Words and names from a policy are neutralized before they are shown. What is to be typed
stands in one code span, so that it can be copied and pasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.domain.model.overrides import ALL_ROUTES, OverrideAsk, OverrideRoutes
from gate.domain.model.request import GateRequest
from gate.domain.requests.decision import Decision, Reason, ReasonCode
from gate.domain.text.escaping import code_span, fits_code_span, link, neutralize
from gate.domain.text.fitting import Paragraph, Part, Rank
from gate.domain.text.fold import fold

_HEADING: Final = Part("**What you can do**")
_NAME_LIMIT: Final = 60
_LONGEST_PHRASE: Final = 80
_RANKS: Final = (Rank.OVERRIDE, Rank.SECOND_ROUTE, Rank.THIRD_ROUTE)
_BY_COMMENT: Final = "**Override by comment:**"
_BY_REVIEW: Final = "**Override in the review:**"
_BY_WORKFLOW: Final = "**Override by workflow:**"
_PHRASE_IN_POLICY: Final = "<the acknowledge phrase in the policy>"


@dataclass(frozen=True, slots=True)
class IssueLink:
    """The issue of the incident that belongs to a hold."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Guide:
    """Where people can act on a hold: the routes of an override, and the incident's issue.

    `record` is the address of the deployment's page; empty leaves it out.
    """

    routes: OverrideRoutes = ALL_ROUTES
    issue: IssueLink | None = None
    record: str = ""


ANYWHERE: Final = Guide()
"""What is offered where nothing better is known."""


class Way(StrEnum):
    """What kind of action it is; the page links the place of some."""

    FIX = "fix"
    COMMENT = "comment"
    REVIEW = "review"
    WORKFLOW = "workflow"
    NONE = "none"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that people can do, as Markdown, with its rank in a comment.

    `words` are what they must type before their reason, raw; empty where there is nothing to copy.
    """

    way: Way
    text: str
    rank: Rank
    words: str = ""


def list_actions(decision: Decision, request: GateRequest, guide: Guide) -> Paragraph:
    """Return the bullets of what people can do about a hold."""
    actions = find_actions(decision, request, guide)
    bullets = [Part(f"- {it.text}", it.rank) for it in actions]
    return Paragraph((_HEADING, *bullets)) if bullets else Paragraph(())


def find_actions(decision: Decision, request: GateRequest, guide: Guide) -> list[Action]:
    """List what people can do about a hold: fix, override, ask."""
    remedies = dict.fromkeys(filter(None, (_remedy(it, decision) for it in decision.reasons)))
    actions = [
        Action(Way.FIX, text, Rank.REMEDY if number else Rank.ALWAYS)
        for number, text in enumerate(remedies)
    ]
    actions += _overrides(decision, request, guide)
    if guide.issue is not None:
        is_linked = decision.ask is not None and guide.routes.comment
        where = "the same issue" if is_linked else _issue(guide.issue)
        actions.append(Action(Way.ASK, f"**Ask or read more:** on {where}.", Rank.ASK))
    return actions


def routes_offered(comments: Iterable[str]) -> OverrideRoutes:
    """Return the routes that posted comments offer: the gate asked GitHub when it wrote them.

    A comment may have no room for a route that an earlier one offered, so all of them count.
    """
    text = "\n".join(comments)
    return OverrideRoutes(
        review=_BY_REVIEW in text,
        environment=_BY_WORKFLOW in text,
        comment=_BY_COMMENT in text,
    )


def _issue(issue: IssueLink) -> str:
    return link(f"issue #{issue.number}", issue.url)


def _remedy(reason: Reason, decision: Decision) -> str:
    """Return what helps against a reason; nothing where only an override does.

    The release is promised only where the remedy is all that the verdict lacks.
    """
    text = _REMEDIES[reason.code]
    if any(it.code in _NOT_JUDGED for it in decision.reasons):
        text = text.removesuffix(f" {_CONTINUES}")
    if "{validation}" not in text:
        return text
    run = decision.evidence.run if decision.evidence is not None else None
    verb = "re-run the validation"
    return text.format(validation=verb if run is None else link(verb, run.html_url))


_NOT_JUDGED: Final = frozenset(
    {
        ReasonCode.POLICY_INVALID,
        ReasonCode.POLICY_UNAVAILABLE,
        ReasonCode.ENVIRONMENT_NOT_IN_POLICY,
        ReasonCode.FACTS_UNAVAILABLE,
    }
)
_CONTINUES: Final = "When it passes, the deployment continues automatically."
_RUN: Final = (
    f"**Run the validation** on the branch and by an event that the policy names. {_CONTINUES}"
)
_RETRYING: Final = (
    "**Wait:** the gate retries at least every 5 minutes. If this lasts, ask an operator of the"
    " gate to run `gate doctor`."
)
_AFTER_THE_MERGE: Final = "After the merge, the gate checks again."
_REMEDIES: Final = {
    ReasonCode.VALIDATION_PASSED: "",
    ReasonCode.OVERRIDE: "",
    ReasonCode.OBSERVE_MODE: "",
    ReasonCode.VALIDATION_FAILED: (
        "**Fix it:** fix production or roll back, then {validation}. " + _CONTINUES
    ),
    ReasonCode.VALIDATION_RUNNING: f"**Wait for the validation.** {_CONTINUES}",
    ReasonCode.VALIDATION_INCONCLUSIVE: "**Try again:** {validation}. " + _CONTINUES,
    ReasonCode.VALIDATION_MISSING: _RUN,
    ReasonCode.VALIDATION_STALE: _RUN,
    ReasonCode.VALIDATION_UNCOVERED: _RUN,
    ReasonCode.VALIDATION_WAITS_FOR_ITSELF: (
        "**Separate them:** run the validation in a separate workflow whose jobs do not use the"
        f" gated environment. {_CONTINUES}"
    ),
    ReasonCode.OVERRIDE_INCOMPLETE: "",
    ReasonCode.OVERRIDE_INELIGIBLE: "",
    ReasonCode.POLICY_INVALID: (
        "**Fix the policy** on the default branch; `gate policy check` lists every problem. "
        + _AFTER_THE_MERGE
    ),
    ReasonCode.POLICY_UNAVAILABLE: _RETRYING,
    ReasonCode.ENVIRONMENT_NOT_IN_POLICY: (
        f"**Add the environment** to the policy on the default branch. {_AFTER_THE_MERGE}"
    ),
    ReasonCode.FACTS_UNAVAILABLE: _RETRYING,
    ReasonCode.GAVE_UP: "",
}


def _overrides(decision: Decision, request: GateRequest, guide: Guide) -> Iterator[Action]:
    """List the routes by which this hold can be overridden, each with the words to paste."""
    ask, routes = decision.ask, guide.routes
    if ask is None:
        return
    environment = neutralize(ask.environment, _NAME_LIMIT)
    people = _who(decision, ask)
    phrase = _phrase(ask)
    approving = code_span(f"{phrase}: <why>")
    is_known = phrase != _PHRASE_IN_POLICY
    words = f"{phrase}: " if is_known else ""
    found: list[tuple[Way, str, str]] = []
    if routes.comment:
        where = "any issue" if guide.issue is None else _issue(guide.issue)
        reason = f"<why, {ask.min_length}+ characters>"
        command = f"/override {request.key.run_id} {phrase}: "
        pasted = code_span(f"{command}{reason}")
        text = f"{_BY_COMMENT} {people} can comment {pasted} on {where}."
        found.append((Way.COMMENT, text, command if is_known else ""))
    if routes.review:
        text = f"{_BY_REVIEW} choose *Review deployments* and approve with {approving}."
        found.append((Way.REVIEW, text, words))
    if routes.environment:
        text = (
            f"{_BY_WORKFLOW} start the override workflow for run {request.key.run_id},"
            f" then approve {environment} with {approving}."
        )
        found.append((Way.WORKFLOW, text, words))
    if not found:
        text = (
            "**No override:** the policy lists no reviewers, and neither this environment nor"
            f" {environment} has required reviewers."
        )
        found.append((Way.NONE, text, ""))
    for (way, text, pasted), rank in zip(found, _RANKS, strict=False):
        yield Action(way, text, rank, pasted)


def _who(decision: Decision, ask: OverrideAsk) -> str:
    """Name how many must override, and whether someone else has tried in vain."""
    if decision.needed:
        return f"{decision.needed} more reviewer{'s' if decision.needed > 1 else ''}"
    if ask.approvals > 1:
        return f"{ask.approvals} eligible reviewers"
    is_refused = any(it.code is ReasonCode.OVERRIDE_INELIGIBLE for it in decision.reasons)
    return "another eligible reviewer" if is_refused else "an eligible reviewer"


def _phrase(ask: OverrideAsk) -> str:
    """Return the words that accept the risk; raw.

    A phrase too long for the comment is not cut, since a part of it would not count; nor is one
    shown that no code span holds whole.
    """
    words = fold(ask.acknowledge)
    is_shown = len(words) <= _LONGEST_PHRASE and fits_code_span(words)
    return words if is_shown else _PHRASE_IN_POLICY
