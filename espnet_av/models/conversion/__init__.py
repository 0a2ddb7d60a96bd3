"""Weights from elsewhere: files read as data, names translated, every weight accounted for."""
