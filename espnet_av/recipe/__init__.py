"""What a recipe runs: its options or its list of experiments become steps, in order."""
