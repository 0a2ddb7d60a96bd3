"""Frozen models side by side, by heads of several tasks on them."""
