"""What the simulated GitHub knows: its entities, the world that holds them, and records of it.

The entities are plain mutable records without behavior, read and written only under the lock of
`gate.simulator.github.SimulatedGitHub`; what leaves the simulation is a copy (`records`).
"""
