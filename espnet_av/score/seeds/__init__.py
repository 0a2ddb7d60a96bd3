"""Systems set side by side over several seeds."""
