"""Alerts by mail: where it goes, how the letter is written, signing in and sending.

What an alert says is put together once, in `gate.notify.outline`.
"""
