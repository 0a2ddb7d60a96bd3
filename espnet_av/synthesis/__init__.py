"""Speech and faces made from text, for `mini_av`."""
