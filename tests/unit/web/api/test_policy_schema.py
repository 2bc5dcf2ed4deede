"""Editors read the schema from any gate, without signing in."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from tests.unit.web.conftest import Site

PATH = "/schemas/policy-1.json"


def test_the_schema_is_published(site: Site) -> None:
    """It is a schema, names its own address, and may be read from elsewhere."""
    answered = site.client.get(PATH)
    assert answered.status_code == 200
    assert answered.mimetype == "application/schema+json"
    assert answered.headers["Access-Control-Allow-Origin"] == "*"
    document = json.loads(answered.data)
    assert document["$id"].endswith(PATH)
    Draft202012Validator.check_schema(document)
    policy = {"version": 1, "environments": {"production": {}}}
    assert Draft202012Validator(document).is_valid(policy)
    assert not Draft202012Validator(document).is_valid({**policy, "extra": 1})


def test_an_unchanged_schema_costs_little(site: Site) -> None:
    """Who has it already is told so."""
    etag = site.client.get(PATH).headers["ETag"]
    again = site.client.get(PATH, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
