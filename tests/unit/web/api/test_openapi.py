"""The OpenAPI document says what the API does: every route, and every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gate.settings import ApiToken
from gate.store.engine.database import Database
from gate.web.api.openapi import OPERATIONS, Operation, describe_api
from gate.web.deps import Readers
from gate.web.viewers import Viewers
from tests.support.sqlite import lay_out_schema
from tests.support.tenants import OURS, THEIRS, tell_story
from tests.unit.web.conftest import GOOD_TOKEN, Site

CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Provide a gate with two full stories, whose one token opens everything."""
    url = f"sqlite:///{tmp_path_factory.mktemp('api')}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    for tenant in (OURS, THEIRS):
        tell_story(database, tenant)
    token = ApiToken("fuzzer", sha256(GOOD_TOKEN.encode()).hexdigest())
    yield Site(database, readers=Readers((token,)), viewers=Viewers(trusts_loopback=False))
    database.close()


@pytest.fixture(scope="module")
def described(filled: Site) -> schemathesis.BaseSchema:
    """Provide the document as the application hands it out."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", filled.app)


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(it, mode, id=f"{it.method} {it.path} {mode.value}")
        for it in OPERATIONS
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        # What takes nothing cannot be sent anything wrong.
        if it.parameters or it.body or mode is GenerationMode.POSITIVE
    ],
)
def test_every_answer_is_as_described(
    described: schemathesis.BaseSchema, operation: Operation, mode: GenerationMode
) -> None:
    """Whatever is sent, status, type and shape of the answer are in the document."""
    headers = {"Authorization": f"Bearer {GOOD_TOKEN}"}

    @given(described[operation.path][operation.method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_described(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=headers)
        # A body that is wrong and too large is refused for its size, without being read.
        is_too_large = response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        checks = [it for it in CHECKS if not (is_too_large and it is negative_data_rejection)]
        case.validate_response(response, checks=checks, headers=headers)

    answers_as_described()


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/requests/{id}", {"id": 1}),
        ("/api/v1/incidents/{id}", {"id": 1}),
        (
            "/api/v1/validations/{repository_id}/{run_id}/{run_attempt}",
            {
                "repository_id": OURS.repository_id,
                "run_id": OURS.run_id,
                "run_attempt": 1,
            },
        ),
    ],
)
def test_what_is_on_record_is_as_described(
    described: schemathesis.BaseSchema, path: str, parameters: dict[str, int]
) -> None:
    """A full story has every shape that the document describes."""
    headers = {"Authorization": f"Bearer {GOOD_TOKEN}"}
    case = described[path]["get"].Case(path_parameters=parameters)
    response = case.call(headers=headers)
    assert response.status_code == 200
    case.validate_response(response, checks=CHECKS, headers=headers)


def test_the_document_has_every_route_and_no_other(filled: Site) -> None:
    """A route that is added, renamed or removed is so in the document, too."""
    routed = {
        (method.lower(), re.sub(r"<\w+>", "{}", rule.rule))
        for rule in filled.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(it.method, re.sub(r"{\w+}", "{}", it.path)) for it in OPERATIONS}
    assert listed == routed


def test_a_stranger_may_read_the_document_and_nothing_else(filled: Site) -> None:
    """What needs a token says so in the document, and answers 401 without one."""
    for path, methods in describe_api("https://gate.example.com")["paths"].items():
        for method, operation in methods.items():
            address = re.sub(r"{\w+}", "1", path)
            answer = filled.client.open(address, method=method.upper(), json={})
            assert answer.status_code == (401 if operation["security"] else 200), path
            assert ("WWW-Authenticate" in answer.headers) == bool(operation["security"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda it: f"{it.method} {it.path}")
def test_other_methods_are_refused_and_named(filled: Site, operation: Operation) -> None:
    """HEAD answers like GET without a body, OPTIONS and 405 name what is allowed."""
    path = re.sub(r"{\w+}", "1", operation.path)
    method = operation.method.upper()
    refused = filled.client.put(path, headers={"Authorization": f"Bearer {GOOD_TOKEN}"})
    assert (refused.status_code, refused.content_type) == (405, "application/problem+json")
    assert method in refused.headers["Allow"]
    assert method in filled.client.options(path).headers.get("Allow", method)
    if method == "GET":
        headers = {"Authorization": f"Bearer {GOOD_TOKEN}"}
        head = filled.client.head(path, headers=headers)
        assert head.status_code == filled.client.get(path, headers=headers).status_code
        assert head.data == b""


def test_the_page_shows_every_route(filled: Site) -> None:
    """With its parameters, for strangers too."""
    text = filled.client.get("/api", headers={"Accept": "text/html"}).text
    assert all(f"<code>{it.method.upper()} {it.path}</code>" in text for it in OPERATIONS)
    assert "next_cursor" in text
