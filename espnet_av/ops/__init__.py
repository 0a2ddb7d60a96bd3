"""Pure tensor functions: torch in, torch out; no modules, no configuration, no logging.

Letters in every shape: B batch, S audio samples, T frames (25 Hz unless said otherwise),
V video frames, H W image, C channels, D features, K classes, L text tokens, N packed frames.
A mask is bool with True = valid frame unless its docstring says otherwise.
"""
