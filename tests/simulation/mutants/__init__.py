"""Planted faults: copies of the product, each with one fault that the simulation must find."""
