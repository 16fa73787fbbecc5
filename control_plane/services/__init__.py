"""Use cases: each changes the world through the ports of ``control_plane.ports`` only."""
