"""Publish the JSON Schema of policy files, for editors that complete and check while you type.

Everybody may read it: it says nothing that the docs do not say.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from flask import Blueprint, Response, make_response, request

from gate.policyfile import policy_schema
from gate.web.api.queries import json_answer

SCHEMA_PATH: Final = "/schemas/policy-1.json"
"""Where the schema of `version: 1` stays: people write the address into their files."""

_SECONDS: Final = 3_600


def policy_schema_api(public_url: str) -> Blueprint:
    """Build the route of the schema of the present version."""
    blueprint = Blueprint("policy_schema", __name__)

    @cache
    def described() -> dict[str, object]:
        return {"$id": f"{public_url}{SCHEMA_PATH}", **policy_schema()}

    @blueprint.get(SCHEMA_PATH)
    def show_policy_schema() -> Response:
        answer = make_response(json_answer(described()))
        answer.mimetype = "application/schema+json"
        # An editor in a browser asks from another origin.
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.cache_control.public = True
        answer.cache_control.max_age = _SECONDS
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    return blueprint
