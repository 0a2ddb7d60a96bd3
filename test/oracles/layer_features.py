"""Features of one layer, for tests that look at one layer at a time."""

from __future__ import annotations


def features_of(
    model, speech=None, speech_lengths=None, video=None, video_lengths=None, layer=None
):
    """((B, T, D), (B,) frames) of a layer; None = the output of the encoder."""
    batch = {
        "speech": speech,
        "speech_lengths": speech_lengths,
        "video": video,
        "video_lengths": video_lengths,
    }
    (features,), lengths = model.extract_features(batch, [layer])
    return features, lengths
