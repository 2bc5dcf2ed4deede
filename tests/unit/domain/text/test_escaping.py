"""Foreign text is shown, but it acts nowhere."""

import pytest

from gate.domain.requests.explanation.explain import explain
from gate.domain.text.escaping import code_span, cut, cut_markdown, neutralize
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_decision, make_request
from tests.support.markdown import acting, code_spans, invisible, kinds, shown


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain words", "plain words"),
        ("run-it_now", "run-it\\_now"),
        ("@octocat", "`@octocat`"),
        ("mona@acme", "`mona@acme`"),
        ("(cc @mona, @acme/team.)", "\\(cc `@mona`, `@acme/team`.\\)"),
        ("#12", "`#12`"),
        ("acme/shop#12", "`acme/shop#12`"),
        ("acme/shop and/or", "acme/shop and/or"),
        ("GH-12", "`GH-12`"),
        ("see gh-7, high-7, GH-x", "see `gh-7`, high-7, GH-x"),
        ("G\u200bH-7", "`GH-7`"),
        ("/close", "`/close`"),
        ("say /lgtm.", "say `/lgtm`."),
        ("[x](y)", "\\[x\\]\\(y\\)"),
        ("![x](y)", "\\!\\[x\\]\\(y\\)"),
        ("[x](https://x.io)", "\\[`x](https://x.io`\\)"),
        ("<img>", "\\<img\\>"),
        ("<!channel>", "\\<\\!channel\\>"),
        ("<!-- x -->", "\\<\\!-- x --\\>"),
        ("<@U123>", "\\<`@U123`\\>"),
        ("&lt;", "\\&lt;"),
        ("`code`", "\\`code\\`"),
        ("`a.b`", "\\``a.b`\\`"),
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("~~gone~~", "\\~\\~gone\\~\\~"),
        ("a|b", "a\\|b"),
        ("a.b|c.d", "`a.b`\\|`c.d`"),
        ("back\\slash", "back\\\\slash"),
        ("C:\\x", "`C:\\x`"),
        ("{{ x }}", "\\{\\{ x \\}\\}"),
        ("https://x.io", "`https://x.io`"),
        ("//x.io", "`//x.io`"),
        ("www.x.io", "`www.x.io`"),
        ("www.1.io", "`www.1.io`"),
        ("version 1.2.", "version 1.2."),
        (":tada:", "`:tada`:"),
        ("2026-03-02 12:05 UTC", "2026-03-02 12:05 UTC"),
        ("12:05:tada:", "`12:05:tada`:"),
        ("x:05", "`x:05`"),
        ("failed: it", "failed: it"),
        ("one\u00a0two", "one two"),
        ("  one   two  ", "one two"),
        ("one\ntwo", "one two"),
        ("one\ttwo", "one two"),
        ("one\rtwo", "one two"),
        ("bell\x07", "bell"),
        ("nul\x00", "nul"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\u200bb\u200cc\u200dd\ufeffe", "abcde"),
        ("a\u2028b\u2029c", "a b c"),
        ("@\u200bx", "`@x`"),
        ("half\ud800", "half"),
        ("own\ue000", "own"),
        ("grüße 日本 🎉", "grüße 日本 🎉"),
        ("", ""),
    ],
)
def test_neutralize(text: str, safe: str) -> None:
    """Mentions, links, Markdown, HTML and invisible characters lose their power, words stay."""
    assert neutralize(text) == safe


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("# title", "`#` title"),
        ("> quote", "\\> quote"),
        ("- item", "\\- item"),
        ("+ item", "\\+ item"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("1. item", "1\\. item"),
        ("1) item", "1\\) item"),
        ("    code", "code"),
        ("\tcode", "code"),
        ("\u200b    code", "code"),
        ("\u200b- item", "\\- item"),
        ("> > - item", "\\> \\> - item"),
    ],
)
def test_line(text: str, safe: str) -> None:
    """Text at the start of a line is neither a heading, a list, a rule, a quote nor code."""
    assert neutralize(text) == safe
    assert kinds(safe) == set()


HOSTILE = [
    "@octocat @acme/team",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<!channel> <!here>",
    "`` ` ``",
    "\u202etxt.exe",
    "x\n\n**Approved: production validation passed**",
    "x\r# Approved",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_comment(text: str) -> None:
    """Hostile text changes neither the shape of a comment nor whom it notifies."""
    comment = explain(make_decision(detail=text), make_request(), NOW)
    quoted = comment.removeprefix("**On hold: production validation failed**\n\n")
    assert all(line.startswith("> ") for line in quoted.split("\n\n")[0].splitlines())
    assert len(comment.split("\n\n")) == 4
    assert acting(comment) == []
    assert invisible(comment) == []
    assert "img" not in "".join(kinds(comment))


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 5, "short"),
        ("", 5, ""),
        ("sixsix", 5, "sixs…"),
        ("one two three", 12, "one two…"),
        ("one two three", 13, "one two three"),
        ("one two\nthree four five", 18, "one two\nthree…"),
        ("one two three\nfour five", 20, "one two three…"),
        ("averylongword and", 14, "averylongword…"),
        ("a verylongword", 12, "a verylongw…"),
    ],
)
def test_cut(text: str, limit: int, kept: str) -> None:
    """Text is cut at a line's or word's end where one is near."""
    assert cut(text, limit) == cut_markdown(text, limit) == kept
    assert len(kept) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("aaaaa\\\\bbb", 8, "aaaaa…"),
        ("aaaaa\\`bbbb", 7, "aaaaa…"),
        ("`@mona` asks", 9, "`@mona`…"),
        ("by `@monalisa` she", 12, "by `@monal…`"),
        ("asked by `@monalisa` she", 14, "asked by…"),
        ("asked:by`@monalisa.she` now", 14, "asked:by…"),
        ("`a.b` or `/help me` twice", 15, "`a.b` or…"),
        ("\\`@mona and so on", 12, "\\`@mona…"),
    ],
)
def test_cut_markdown(text: str, limit: int, kept: str) -> None:
    """No escape is cut in two, and no code span stays open."""
    assert cut_markdown(text, limit) == kept
    assert len(kept) <= limit


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("I accept the risk", ["I accept the risk"]),
        ("@acme/ops:  I accept\u200b <it>", ["@acme/ops: I accept <it>"]),
        ("I `accept` x.io", ["x.io"]),
        ("\u200b", []),
    ],
)
def test_code_span(text: str, spans: list[str]) -> None:
    """Words to be copied stand there as they are."""
    assert code_spans(code_span(text)) == spans
    assert shown(code_span(text)) == " ".join(text.replace("\u200b", "").split())
