"""Build the JSON Schema of policy files from the models in `gate.policyfile.sections`.

Pure. Messages about a file (`gate.policyfile.wording`) and the reference page quote this schema.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gate.policyfile.sections import PolicyFile
from gate.policyfile.values import spell_duration

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Writes durations as a policy does, and omits Python's None and class names."""

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        return spell_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if "default" in described and described["default"] is None:
            del described["default"]
        return described

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - as above
        return False


@lru_cache(maxsize=1)
def _policy_schema() -> dict[str, Any]:
    schema = PolicyFile.model_json_schema(schema_generator=_Schema)
    return {"$schema": _DIALECT, **schema, "title": "Deployment Gate policy"}


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of policy files; the caller may change its copy.

    It cannot detect what a YAML parser has already decided: duplicate keys, unquoted values that
    YAML versions read differently, and environments that differ only in case.
    """
    return deepcopy(_policy_schema())
