"""What goes into the sandbox image: the agent, the wire format it speaks, and the project templates."""
