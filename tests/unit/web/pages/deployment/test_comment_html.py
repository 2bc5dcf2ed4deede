"""Comments as the pages show them: like on GitHub, and harmless."""

from __future__ import annotations

from gate.web.pages.deployment.comment_html import render_comment


def test_a_quoted_line_is_a_line() -> None:
    """GitHub breaks the line where the comment does."""
    shown = render_comment("> failed: one.yml\n> … and 2 more flows")
    assert "<p>failed: one.yml<br />\n… and 2 more flows</p>" in shown


def test_markup_is_shown_and_not_obeyed() -> None:
    """Neither tags nor addresses that no browser should follow."""
    shown = render_comment("<b>x</b> [y](javascript:alert(1))")
    assert "<b>" not in shown
    assert "href" not in shown
