"""The commands about who may read: `gate token` for programs, `gate sessions` for people.

Printing only: the rules are `gate.domain.access`, the rows `gate.store.access`, and the sign-in
itself is `gate.web.sign_in`.
"""
