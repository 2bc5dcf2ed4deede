"""A simulated GitHub over HTTP, for trials and tests; it knows nothing of the gate.

`github.SimulatedGitHub` is the whole of it, `server.serve` lets it listen on loopback in a thread
and `server.run` in a process of its own, which `client.SimulatorClient` then drives. What can be
made to happen is listed in `commands.Commands`. Where GitHub's documentation is silent,
`switches.Switches` has both answers.
"""
