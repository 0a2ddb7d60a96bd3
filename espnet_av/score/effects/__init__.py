"""Two choices crossed: what each is worth on average over the other."""
