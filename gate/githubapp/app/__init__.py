"""The App as GitHub knows it: key, JWT, tokens, the session that calls with them, and its client.

Never a call about another subject: those are the modules beside this folder, which take a session.
How one call is made is `gate.githubapp.transport`, which knows nothing of the App.
"""
