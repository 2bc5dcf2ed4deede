"""The commands about the database as a whole: migrate, back up, copy.

Also how every other command opens it beside a running service (`beside_service`). The work is in
`gate.store`, never here; what is in the audit trail is `gate.cli.audit`.
"""
