"""Send a report or an alert to the gate, and show in the job whether that worked."""

from __future__ import annotations

from collections.abc import Callable

from reporting.commands import add_summary, annotate
from reporting.markdown import code, link
from reporting.posting import Gate, send
from reporting.problem import NotSent, Refused


def tell_gate(gate: Gate | None, path: str, body: Callable[[], bytes], *, what: str) -> str:
    """Send a body; return the URL of the gate's record, or "". `what` names the body.

    Never fails the step: a network error must not change whether the validation passed.
    """
    if gate is None:
        annotate("warning", f"gate-url is not set: the {what} was not sent", title="Gate")
        return ""
    try:
        url = send(gate, path, body())
    except NotSent as failure:
        shown = f"The {what} was not delivered"
        level = "error" if isinstance(failure, Refused) else "warning"
        annotate(level, f"{shown}: {failure}", title="Gate")
        add_summary(f"⚠️ {shown}: {code(str(failure))}")
        return ""
    received = f"{what.capitalize()} received"
    add_summary(f"{received}: {link('record', url)}" if url else f"{received}.")
    return url
