"""What a file may be as YAML, before any key is looked at."""

import time

import pytest

from gate.policyfile import parse_policy
from tests.unit.policyfile.documents import SOURCE, beside, environment, problems

EMPTY = "line 1, column 1: the file is empty; start with `version: 1`"
NO_KEYS = "expected keys with values at the top level, starting with `version: 1`"
DEEP = "nested more than 16 levels deep; the policy needs five"
MANY = "more than 10000 values, with aliases expanded"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", EMPTY),
        (b"# only a comment\n", EMPTY),
        (b"---\n", EMPTY),
        (b"- version: 1\n", f"line 1, column 1: {NO_KEYS}"),
        (b"\n  version 1\n", f"line 2, column 3: {NO_KEYS}"),
        (
            b"version: 1\n---\nversion: 1\n",
            ("line 2, column 1: expected one YAML document; a second one starts here"),
        ),
        (b"a: \xff", "line 1, column 4: byte 0xff is not UTF-8; save the file as UTF-8"),
        (
            "# é\na: é".encode("latin-1"),
            ("line 1, column 3: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ),
        (
            "a: é".encode("utf-16"),
            ("line 1, column 1: byte 0xff is not UTF-8; save the file as UTF-8"),
        ),
        (
            "é:\n  ü\x07".encode(),
            ("line 2, column 4: character U+0007 is not allowed in YAML; remove it"),
        ),
        (b" " * 65537, "line 1, column 1: the file has 65537 bytes; the limit is 65536"),
        (b"a: b: c", "line 1, column 5: not YAML: mapping values are not allowed in this context"),
        (
            b"a:\n\tb: 1",
            (
                "line 2, column 1: not YAML: found character that cannot start any token;"
                " indent with spaces, not tabs"
            ),
        ),
        (
            b"a: @main",
            (
                "line 1, column 4: not YAML: found character that cannot start any token;"
                " quote a value that starts with @"
            ),
        ),
        (b"a: *b", "line 1, column 4: alias `*b` has no anchor `&b` above it"),
        (b"a: &b [*b]", "line 1, column 8: alias `*b` is inside its own anchor"),
        (
            b"a: &b 1\nc: &b 2\nd: *b",
            "line 2, column 4: anchor `&b` is defined twice; rename one of them",
        ),
        (b"a: ! b", "line 1, column 4: tag `!` is not allowed; remove it"),
        (b"[" * 60000, f"line 1, column 17: {DEEP}"),
        (b"a: " + b"[" * 16 + b"]" * 16, f"line 1, column 19: {DEEP}"),
        (b"- " * 30000, f"line 1, column 33: {DEEP}"),
        (b"a: [" + b"b," * 10001 + b"]", f"line 1, column 20003: {MANY}"),
        (
            (
                b"a: &a [1,2,3,4,5,6,7,8,9]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                b"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                b"e: [*d,*d,*d,*d,*d,*d,*d,*d,*d]"
            ),
            f"line 4, column 4: {MANY}",
        ),
    ],
)
def test_what_cannot_be_read(text: bytes, expected: str) -> None:
    """Where the file makes no sense as a whole, the one problem says where reading ended."""
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            environment("mode: enforce\nmode: observe"),
            (
                "line 5, column 5: environments.production.mode: duplicate key; the first"
                " is on line 4"
            ),
        ),
        (
            b"version: 1\nenvironments:\n  on: {}\n  production: {}",
            'line 3, column 3: environments: key `on` is not text in YAML; write "on" with quotes',
        ),
        (
            b"version: 1\nenvironments:\n  1: {}\n  production: {}",
            'line 3, column 3: environments: key `1` is not text in YAML; write "1" with quotes',
        ),
        (
            b"version: 1\nenvironments:\n  [a]: {}\n  production: {}",
            "line 3, column 3: environments: a key must be text, not a list or a mapping",
        ),
        (
            b"version: 1\nenvironments:\n  " + b"a" * 256 + b": {}\n  production: {}",
            "line 3, column 3: environments: a key can have at most 255 characters",
        ),
        (
            b"version: 1\nenvironments: {a: &a {}, production: {<<: *a}}",
            (
                "line 2, column 39: environments.production: the merge key `<<` is not supported,"
                " as in GitHub Actions; write the keys out, or use an alias for a whole value"
            ),
        ),
        (
            environment("mode: !secret enforce"),
            (
                "line 4, column 11: environments.production.mode: tag `!secret` is not allowed;"
                " remove it"
            ),
        ),
        (
            environment("mode: !!str enforce"),
            (
                "line 4, column 11: environments.production.mode: tag `tag:yaml.org,2002:str` is"
                " not allowed; remove it"
            ),
        ),
        (
            beside("!x alerts: {}"),
            "line 3, column 1: tag `!x` is not allowed; remove it",
        ),
    ],
)
def test_what_can_be_read_but_may_not_stand(text: bytes, expected: str) -> None:
    """What YAML allows and a policy does not is a problem at its own place."""
    assert problems(text) == [expected]


def test_a_problem_in_an_alias_is_shown_where_it_is_written() -> None:
    """The place is the anchor's, the path that of each value it stands for."""
    text = b"version: 1\nenvironments:\n  a: &a {mode: of}\n  b: *a\n"
    message = "expected one of enforce, observe, not `of`"
    assert problems(text) == [
        f"line 3, column 16: environments.a.mode: {message}",
        f"line 3, column 16: environments.b.mode: {message}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"version: 1\nalerts: {channels: [" + b"a," * 9900 + b"]}",
        b"version: 1\nenvironments: {}\n" + b"".join(b"k%d: 1\n" % at for at in range(4500)),
        b"a: " + b"1:1" * 20000,
        b"a: 2001-01-01" + b" " * 60000 + b"x",
        b"version: 1\nincidents: {labels: ['" + b" " * 60000 + b"']}",
        b"? " * 30000,
    ],
)
def test_no_text_takes_long(text: bytes) -> None:
    """The worst files we know take a fraction of a second; ten times that is a fault."""
    begun = time.process_time()
    parse_policy(text, SOURCE)
    assert time.process_time() - begun < 3
