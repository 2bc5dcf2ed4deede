"""Foreign text is shown, but it acts nowhere."""

import re

import pytest

from gate.domain.explain import explain
from gate.domain.neutral import cut, neutralise
from tests.builders import NOW, make_decision, make_request

ZWSP = "\u200b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("run-it_now", "run-it\\_now"),
        ("@octocat", f"\\@{ZWSP}octocat"),
        ("mona@acme", f"mona\\@{ZWSP}acme"),
        ("#12", f"\\#{ZWSP}12"),
        ("acme/shop#12", f"acme/{ZWSP}shop\\#{ZWSP}12"),
        ("GH-12", f"GH-{ZWSP}12"),
        ("see gh-7, high-7, GH-x", f"see gh-{ZWSP}7, high-7, GH-x"),
        ("G\u200bH-7", f"GH-{ZWSP}7"),
        ("[x](y)", "\\[x\\]\\(y\\)"),
        ("![x](y)", "\\!\\[x\\]\\(y\\)"),
        ("<img>", "\\<img\\>"),
        ("<!channel>", "\\<\\!channel\\>"),
        ("<!-- x -->", "\\<\\!-- x --\\>"),
        ("&lt;", "\\&lt;"),
        ("`code`", "\\`code\\`"),
        ("**bold**", "\\*\\*bold\\*\\*"),
        ("~~gone~~", "\\~\\~gone\\~\\~"),
        ("a|b", "a\\|b"),
        ("back\\slash", "back\\\\slash"),
        ("{{ x }}", "\\{\\{ x \\}\\}"),
        ("https://x.io", f"https:{ZWSP}/{ZWSP}/{ZWSP}x.{ZWSP}io"),
        ("www.x.io", f"www.{ZWSP}x.{ZWSP}io"),
        (":tada:", f"\\:{ZWSP}tada:{ZWSP}"),
        ("one\ntwo", "one two"),
        ("one\ttwo", "one two"),
        ("one\rtwo", "onetwo"),
        ("bell\x07", "bell"),
        ("nul\x00", "nul"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\u200bb\u200cc\u200dd\ufeffe", "abcde"),
        ("a\u2028b\u2029c", "abc"),
        ("@\u200bx", f"\\@{ZWSP}x"),
        ("half\ud800", "half"),
        ("own\ue000", "own"),
        ("grüße 日本 🎉", "grüße 日本 🎉"),
        ("", ""),
    ],
)
def test_neutralise(text: str, shown: str) -> None:
    """Mentions, links, Markdown, HTML and invisible characters lose their power, words stay."""
    assert neutralise(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# title", f"\\#{ZWSP} title"),
        ("> quote", "\\> quote"),
        ("- item", "\\- item"),
        ("+ item", "\\+ item"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("1. item", f"1.{ZWSP} item"),
        ("1) item", "1\\) item"),
        ("    code", "code"),
        ("\tcode", "code"),
        ("\u200b    code", "code"),
        ("\u200b- item", "\\- item"),
        ("> > - item", "\\> \\> - item"),
    ],
)
def test_line(text: str, shown: str) -> None:
    """Text at the start of a line is neither a heading, a list, a rule, a quote nor code."""
    assert neutralise(text) == shown


HOSTILE = [
    "@octocat @acme/team",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<!channel> <!here>",
    "`` ` ``",
    "\u202etxt.exe",
    "x\n\n**Approved** — production validation passed.",
    "x\r# Approved",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_comment(text: str) -> None:
    """Hostile text changes neither the shape of a comment nor whom it notifies."""
    comment = explain(make_decision(detail=text), make_request(), NOW)
    quoted = comment.removeprefix("**On hold** — production validation failed.\n\n")
    assert all(line.startswith("> ") for line in quoted.split("\n\n")[0].splitlines())
    assert len(comment.split("\n\n")) == 3
    assert not re.search(r"(?<!\\)[<`!*#\[]", quoted.split("\n\n")[0])
    for token in ("@octocat", "@acme", "evil.example", "\u202e", "\r"):
        assert token not in comment


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
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
        ("aaaaa\\\\bbb", 8, "aaaaa…"),
        ("aaaaa\\`bbbb", 7, "aaaaa…"),
    ],
)
def test_cut(text: str, limit: int, shown: str) -> None:
    """Text is cut at a line's or word's end where one is near, and never inside an escape."""
    assert cut(text, limit) == shown
    assert len(cut(text, limit)) <= limit
