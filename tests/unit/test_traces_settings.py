"""The settings of traces: where they go, and headers that are kept secret."""

from __future__ import annotations

import pytest

from tests.unit.setting_values import load, problems


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://example.com/otlp/v1/traces", "https://example.com/otlp/v1/traces"),
    ],
)
def test_an_address_without_a_path_gets_that_of_otlp(given: str, used: str) -> None:
    """Traces are off without an address."""
    assert load().traces_endpoint is None
    assert load({"GATE_TRACES_ENDPOINT": given}).traces_endpoint == used


def test_headers_are_split_and_kept_secret() -> None:
    """A comma in a value is written as in a URL."""
    settings = load(
        {
            "GATE_TRACES_ENDPOINT": "https://example.com",
            "GATE_TRACES_HEADERS": "Authorization=Basic s3cret=, x-scope=a%2Cs3cret",
        }
    )
    headers = {it.name: it.value.get_secret_value() for it in settings.traces_headers}
    assert headers == {"authorization": "Basic s3cret=", "x-scope": "a,s3cret"}
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"GATE_TRACES_ENDPOINT": "s3cret"}, "GATE_TRACES_ENDPOINT"),
        (
            {"GATE_TRACES_HEADERS": "s3cret", "GATE_TRACES_ENDPOINT": "https://a.example"},
            "GATE_TRACES_HEADERS",
        ),
        ({"GATE_TRACES_SHARE": "0"}, "GATE_TRACES_SHARE"),
        (
            {"GATE_TRACES_HEADERS": "a=s3cret", "GATE_TRACES_ENDPOINT": "http://collector:4318"},
            "GATE_TRACES_ENDPOINT",
        ),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(values: dict[str, str], name: str) -> None:
    """Headers need https, or loopback."""
    (problem,) = problems(values)
    assert problem.startswith(f"{name} ")
    assert "s3cret" not in problem
