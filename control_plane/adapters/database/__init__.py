"""The database: tables, stores that pass as those of ``ports``, and migrations that run at the start."""
