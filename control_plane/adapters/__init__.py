"""The ports of ``control_plane.ports``, made real: container engine, agent, database."""
