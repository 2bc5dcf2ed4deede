"""The steps of set-up: what GitHub is asked to register, and what of it is stored where.

Never here: pages (`gate.web`), argument parsing (`gate.cli`), or checks of a gate that is set up
(`gate.doctor`). ADR 0030 describes the steps.
"""
