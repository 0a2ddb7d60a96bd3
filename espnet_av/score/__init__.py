"""Scoring: hypotheses and references in; error rates, tables and pictures out."""
