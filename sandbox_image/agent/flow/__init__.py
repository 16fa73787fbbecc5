"""The flow engine: ports from signatures, the graph, the scheduler, the result cache, and runs."""
