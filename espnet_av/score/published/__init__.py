"""Published tables, as printed, beside what was measured here."""
