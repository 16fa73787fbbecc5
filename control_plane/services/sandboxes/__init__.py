"""Sandboxes: their life, their turn to start, what they may use."""
