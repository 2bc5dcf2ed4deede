"""Who the gate is to GitHub: the App's key, its JWT and its installation tokens.

Nothing here calls the API by itself but to mint a token; calls are `gate.githubapp.transport`.
"""
