"""Let people sign in with GitHub, and ask on their behalf what they may see.

See "Generating a user access token for a GitHub App" and "Refreshing user access tokens".
"""
