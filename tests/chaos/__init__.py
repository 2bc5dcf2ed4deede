"""A storm over a whole fleet, and an oracle that says whether it kept its promises.

Start with `plan.py`: a plan is a list of timed steps, made from a seed or read from a file.
`run.py` plays one against real processes; `oracle.py` judges what GitHub, the alert channel and
the audit trail have on record afterwards. See docs/explanation/chaos.md.
"""
