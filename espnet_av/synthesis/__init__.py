"""Speech and faces made from text, for corpora that are made here."""
