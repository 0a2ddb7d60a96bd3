"""Small models of texts, trained here from parallel sentences, and those that others published."""
