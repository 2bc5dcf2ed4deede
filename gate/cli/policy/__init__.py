"""`gate policy`: one module for each of its commands, joined in `group`.

Printing only: reading a file is `gate.policyfile`, judging by it `gate.domain.requests`. Deciding
again what was recorded is `gate.cli.audit.replay`.
"""
