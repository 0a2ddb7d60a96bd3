"""Part of stage 3: the bank of noises that training and tests mix in."""
