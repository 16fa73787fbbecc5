"""What runs while the image is built, and never in a sandbox. Standard library only: the base image has nothing else."""
