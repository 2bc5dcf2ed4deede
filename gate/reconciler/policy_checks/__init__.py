"""Look at the policies that pull requests propose, and write a check run about each.

Nothing a pull request says decides about a deployment: policies in force are read next door, in
`gate.reconciler.observe`.
"""
