"""Predictors, joiner and losses of transducers."""
