"""Figures computed from the event stream: pure folds and functions, each testable on a list of events."""
