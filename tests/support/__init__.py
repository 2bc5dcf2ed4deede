"""What tests of several floors share: builders, fakes, receivers, servers and the harness.

A fake stands for something outside (GitHub's webhook sender, a mail server, a clock), never for a
module of ours. What only one folder uses stays in that folder.
"""
