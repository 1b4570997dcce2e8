"""Checkpoints: a run and what was computed of it, written so that any Python goes on from there."""
