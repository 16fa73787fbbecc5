"""Docker as the container engine: the image, the containers, the workspaces."""
