"""Figures of translations beside BLEU, each only where it is asked for."""
