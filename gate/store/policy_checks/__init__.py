"""Store which pull requests are to be looked at for the policy that they propose.

What they propose is read when a look is made, and never kept; the policies in force are in
`gate.store.github`.
"""
