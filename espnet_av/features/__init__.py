"""Frames of a dump, by a model or as MFCC, for whoever wants them."""
