"""GitHub Actions: workflow runs, attempts, jobs, artifacts, and the environments they wait for.

Never a write: what the gate answers is `gate.githubapp.deployments`. A run in a webhook is read by
`gate.githubapp.webhooks`, in the same shape, `gate.githubapp.shapes.runs`.
"""
