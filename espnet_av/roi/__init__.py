"""Stage 2: from face videos to mouth clips."""
