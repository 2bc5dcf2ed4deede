"""Turn the record of a deployment into what its picture shows, in lines that fit it."""

from __future__ import annotations

from typing import Any, Final

from gate.domain.requests.explanation.standing import describe_standing
from gate.domain.text.escaping import cut, visible_lines
from gate.domain.text.fold import fold
from gate.store.requests.story import DeploymentRecord
from gate.web.pages.deployment.view import newest_decision, shown_details

_LINE: Final = 70
_MOST_LINES: Final = 4
_SHORT: Final = 46


def picture_values(record: DeploymentRecord) -> dict[str, Any]:
    """Return the values of a deployment's picture."""
    decision, request = newest_decision(record), record.request
    standing = describe_standing(request.state, record.reason, decision)
    lines = wrap(visible_lines(standing.sentence))
    details = [cut(fold(it), _LINE) for it in shown_details(request, decision)]
    return {
        "id": request.id,
        "repository": cut(fold(record.repository), _SHORT),
        "environment": cut(fold(request.environment), _SHORT),
        "standing": standing,
        "lines": lines,
        "details": details[: _MOST_LINES - len(lines)],
        "run": f"Run {request.key.run_id}, attempt {request.key.run_attempt}",
        "commit": request.head_sha[:7],
        "asked": request.waiting_since,
        "ended": record.ended_at,
        "is_answered": record.is_answered,
        "give_up_at": record.give_up_at if request.is_undecided else None,
    }


def wrap(text: str) -> list[str]:
    """Break text into lines of a picture, which cannot wrap them itself."""
    lines: list[str] = []
    line = ""
    for word in fold(text).split():
        piece = cut(word, _LINE)
        if line and len(line) + 1 + len(piece) > _LINE:
            lines.append(line)
            line = piece
        else:
            line = f"{line} {piece}".lstrip()
    lines.append(line)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], cut(" ".join(lines[_MOST_LINES - 1 :]), _LINE)]
    return lines
