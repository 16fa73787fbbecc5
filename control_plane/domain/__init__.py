"""What is true of projects, sandboxes and people, whatever the engine, database or protocol. Pure: no input or output."""
