"""Video and audio files: decoding, face tracking, mouth regions, noise, synthetic faces."""
