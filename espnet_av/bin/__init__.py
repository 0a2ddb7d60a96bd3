"""One thin command line per stage."""
