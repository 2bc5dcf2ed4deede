"""The life of workflow runs: jobs, deployments, protected environments, reviews, OIDC tokens.

What people and tests make happen is in `gate.simulator.commands`, what an App calls is in
`gate.simulator.rest`; both end here.
"""
