"""What is installed here, and where that differs from what is tested."""
