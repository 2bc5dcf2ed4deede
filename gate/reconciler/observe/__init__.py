"""Read from GitHub the facts that a decision still lacks, and record them.

Nothing here decides or writes to GitHub. Which facts are missing is
`gate.domain.requests.missing_facts`.
"""
