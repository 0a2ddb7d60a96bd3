"""Experiments from other toolkits, and to them."""
