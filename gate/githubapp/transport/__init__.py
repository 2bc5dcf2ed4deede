"""One call to GitHub: paths, limits, the connection, and the errors that a call ends in.

Never what an answer is about, and never whose token it is: those are the subjects' clients and
`gate.githubapp.app`, which call this and are not imported here.
"""
