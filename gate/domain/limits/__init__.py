"""How many calls to GitHub an installation may cost, and how nodes share that.

Nodes lease tokens in slices and spend them without asking again. `bucket` counts the tokens of one
limit, `account` is everything about one installation, `slices` is how much a node asks for. See
docs/adr/0025-limits-across-the-fleet.md.
"""
