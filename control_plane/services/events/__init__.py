"""Events: what sandboxes and the control plane tell, in order, to those who look."""
