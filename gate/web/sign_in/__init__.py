"""Sign people in with GitHub, and keep their sessions.

The only forms of the gate are here, each with a token against forgery. What a person may see is
asked of GitHub; pages get it from `gate.web.viewers`.
"""
