"""What runs in a folder, what failed and why."""
