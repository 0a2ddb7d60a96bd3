"""What stands in an array of ids where there is none."""

PAD_ID = -1
"""Beyond the length of a text or of labels, and the label of a frame that has none; losses and
accuracies leave it out."""
