"""Generators and counters that keep the repository consistent."""
