"""JSON of others, read in a process of its own."""
