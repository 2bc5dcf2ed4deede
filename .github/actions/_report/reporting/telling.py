"""Tell the gate, and tell people where that did not work."""

from __future__ import annotations

from collections.abc import Callable

from reporting.commands import add_summary, annotate
from reporting.markdown import code, link
from reporting.posting import Gate, send
from reporting.problem import NotSent, Refused


def tell_gate(gate: Gate | None, path: str, body: Callable[[], bytes]) -> str:
    """Send a body; give the address of the gate's record, or "".

    Never fails the step: whether the validation passed is for the step to say, not for the network.
    """
    if gate is None:
        annotate("warning", "no gate-url is given: nothing was sent", title="Gate")
        return ""
    try:
        url = send(gate, path, body())
    except NotSent as failure:
        was_refused = isinstance(failure, Refused)
        what = "The gate did not take it" if was_refused else "The gate could not be told"
        annotate("error" if was_refused else "warning", f"{what}: {failure}", title="Gate")
        add_summary(f"⚠️ {what}: {code(str(failure))}")
        return ""
    add_summary(f"The gate has it: {link('record', url)}" if url else "The gate has it.")
    return url
