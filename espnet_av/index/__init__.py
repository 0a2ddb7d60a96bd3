"""Index of a corpus by meaning: vectors of its utterances, and what is nearest to a question."""
