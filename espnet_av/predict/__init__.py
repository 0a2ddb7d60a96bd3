"""Stage 10: what a model makes of whole test sets, one folder a condition."""
