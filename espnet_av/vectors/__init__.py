"""Stage 3, vectors: what a text encoder says of each sentence, to archives of vectors."""
