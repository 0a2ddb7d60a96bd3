"""Stage 5: features of a dump -> k-means -> a unit label for every frame."""
