"""What people read about a request: the comment in GitHub, and what its page and lists show.

Words about a decision that is made; nothing here decides, and nothing that decides imports from
here. Only `gate.domain.requests.plan` does, to put the comment into the calls that are owed.
"""
