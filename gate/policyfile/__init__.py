"""Policy files: YAML bytes in, a policy of `gate.domain.model.policy` or every problem out.

Of workflow files only the environments of their jobs are read, for `gate doctor`.

Pure; finding and reading the file is `gate.reconciler.observe.policy`. Nothing here approves or
holds: an invalid file is a value, which the domain answers with a wait.
"""

from gate.policyfile.built_in import built_in_text
from gate.policyfile.parsing import parse_policy
from gate.policyfile.schema import policy_schema
from gate.policyfile.workflows import JobEnvironment, job_environments
from gate.policyfile.written import written_lines

__all__ = [
    "JobEnvironment",
    "built_in_text",
    "job_environments",
    "parse_policy",
    "policy_schema",
    "written_lines",
]
