"""Whatever the bytes are, the parser answers, and answers the same."""

import json
from datetime import timedelta
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.domain.model.policy.policy import InvalidPolicy, LoadedPolicy
from gate.policyfile import parse_policy, policy_schema
from gate.policyfile.document import Unquoted, resolve
from gate.policyfile.parsing import MOST_PROBLEMS, _parse
from gate.policyfile.values import _parse_duration, spell_duration
from tests.unit.policyfile.documents import SOURCE

WORDS = st.sampled_from(
    [
        *("version", "environments", "production", "validation", "when", "override", "mode"),
        *("events", "push", "max_age", "24h", "1", "1.0", "yes", "true", "~", "hold", "alerts"),
        *(": ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a", "<<", "!x "),
        *('"', "'", "|", ">", "#", "%", "---\n", "...\n", "? ", "\t", "\x00", "é", "\u2028", "😀"),
    ]
)
YAML_LIKE = st.lists(WORDS, max_size=40).map(lambda words: "".join(words).encode())
NAMES = st.sampled_from(
    ["version", "environments", "production", "validation", "mode", "alerts", "[key]", "", "x"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("enforce"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ENVIRONMENTS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["enforce", "observe", "off", 1]),
        "give_up_after": st.from_regex(r"[0-9]{1,8}[smhd]", fullmatch=True),
        "override": st.fixed_dictionaries({}, optional={"approvals": VALUES, "allow": VALUES}),
    },
)
FILES = st.fixed_dictionaries(
    {"version": st.just(1), "environments": st.dictionaries(NAMES, ENVIRONMENTS, min_size=1)},
    optional={"incidents": st.fixed_dictionaries({}, optional={"labels": VALUES}), "other": VALUES},
)


def check_answer(text: bytes) -> None:
    """Check what holds for the answer to any bytes."""
    reading = parse_policy(text, SOURCE)
    assert _parse(text) == _parse(text)
    if isinstance(reading, InvalidPolicy):
        places = [(one.line, one.column) for one in reading.problems]
        lines = text.count(b"\n") + text.count(b"\r") + 2
        assert 0 < len(places) <= MOST_PROBLEMS + 1
        assert places == sorted(places)
        assert all(1 <= line <= lines + 6 and column >= 1 for line, column in places)
        assert all(one.message for one in reading.problems)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(text: bytes) -> None:
    """No bytes make the parser raise, or answer differently the second time."""
    check_answer(text)


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    """Nor does any text, surrogates included, which UTF-8 cannot spell."""
    check_answer(text.encode("utf-8", "surrogatepass"))


@given(YAML_LIKE)
def test_anything_like_yaml_gets_an_answer(text: bytes) -> None:
    """Nor does anything put together from the pieces of a policy."""
    check_answer(text)


@given(FILES)
def test_parser_and_schema_agree_on_any_document(document: dict[str, Any]) -> None:
    """A document spelled as JSON, where nothing is ambiguous, is good to both or to neither."""
    text = json.dumps(document).encode()
    check_answer(text)
    accepted = isinstance(parse_policy(text, SOURCE), LoadedPolicy)
    assert accepted == Draft202012Validator(policy_schema()).is_valid(document)


@given(st.text(alphabet="0123456789+-.:eExonyTtrufalsNIi_~", max_size=12))
def test_a_scalar_is_never_converted_silently(text: str) -> None:
    """What is not `Unquoted` reads the same in YAML 1.1, by PyYAML, whatever its kind."""
    value = resolve(text, plain=True)
    if not isinstance(value, Unquoted):
        loader = yaml.SafeLoader("")
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call] # the stubs leave it out
        read = loader.construct_object(yaml.ScalarNode(tag, text))
        assert (type(value), value) == (type(read), read)


@given(st.integers(min_value=1, max_value=366 * 86400))
def test_a_duration_survives_being_spelled(seconds: int) -> None:
    """Spelling a duration and parsing it again gives the same one."""
    duration = timedelta(seconds=seconds)
    assert (
        _parse_duration(timedelta(seconds=1), timedelta(days=366), "")(spell_duration(duration))
        == duration
    )
