"""Fits the simulated market to recorded data: what is measured, and the parameters that follow from it."""
