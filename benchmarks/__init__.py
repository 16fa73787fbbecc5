"""The published figures, each measured against a peer in the same run on the same machine: ``make bench``."""
