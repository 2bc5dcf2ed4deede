"""Draw decisions of any kind, and hostile texts."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.policy.policy import (
    ValidationState,
)
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.property.strategies.run_lists import VALIDATIONS
from tests.support.builders.requests import make_decision

HOSTILE: Final = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "@octocat",
                "acme/shop#1",
                "/close",
                "[click](https://evil.example)",
                "![x](//evil.example/x.png)",
                "<img src=x>",
                "<!channel>",
                "<https://evil.example|x>",
                "`code`",
                "\\",
                "\\\\",
                "\n",
                "\r\n",
                "\n\n**Approved**",
                "    ",
                "---",
                "===",
                "# ",
                "> ",
                "1) ",
                "\u202e",
                "\u200b",
                "\ufeff",
                "\u2028",
                "\ud800",
                "www.evil.example",
                "a" * 400,
                "@" * 300,
                "word " * 80,
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=6,
).map("".join)
"""Text that others wrote, and that wants to be more than text."""


@st.composite
def decisions(draw: st.DrawFn, detail: st.SearchStrategy[str] | None = None) -> Decision:
    """Draw any decision, sensible or not: what is done with it must not depend on that."""
    verdict = draw(st.sampled_from(Verdict))
    codes = draw(st.lists(st.sampled_from(ReasonCode), min_size=1, max_size=3))
    seen = draw(st.one_of(st.none(), VALIDATIONS))
    evidence = None
    if seen is not None:
        evidence = Evidence(
            ValidationState.FAILED,
            seen[0] if seen else None,
            "",
            infrastructure=seen[1] if len(seen) > 1 else None,
        )
    return make_decision(
        verdict,
        *codes,
        detail=draw(detail) if detail is not None else "",
        evidence=evidence,
        last_call=verdict is Verdict.WAIT and draw(st.booleans()),
    )
