"""What the simulated GitHub refuses, apart from what it answers over REST."""


class SimulatorError(Exception):
    """A command cannot be performed in the state the simulation is in."""


class NotLoopback(SimulatorError):
    """An address is not on this machine; a simulated GitHub must not leave it."""


class NoSuchThing(SimulatorError):
    """A command names something that does not exist here."""


class Impossible(SimulatorError):
    """GitHub itself would not let this happen, as re-running a run that is not completed."""
