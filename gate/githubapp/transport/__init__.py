"""One call to GitHub: paths, limits, the connection, and the errors that a call ends in.

Nothing here knows what an answer is about.
"""
