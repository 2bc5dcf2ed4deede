"""The commands that read the trail and prove it: `gate audit` and `gate replay`.

Printing only: hashes and chains are `gate.domain.audit`, reading is `gate.store.audit`. Figures
about the past are `gate.cli.statistics`.
"""
