"""The page of a deployment, with its policy, its comments and its picture.

Its story and rules are listed in `gate.domain.requests`.
"""
