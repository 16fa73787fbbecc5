"""The control plane: signs people in, runs sandboxes, and relays traffic to the right one."""
