"""Measure the service: figures for people, never assertions."""
