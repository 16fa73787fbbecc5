"""What ``aimforge`` can be told to do, one module a command. Imported when it is asked for, so that the rest starts fast."""
