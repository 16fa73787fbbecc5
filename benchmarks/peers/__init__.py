"""What people would use instead, measured in the same run."""
