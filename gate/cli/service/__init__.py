"""The commands that run until they are stopped: `gate serve` and `gate worker`.

Reading the settings and preparing the interpreter; what runs is wired in `gate.bootstrap`. What
they look like from outside, `gate nodes`, is beside this room.
"""
