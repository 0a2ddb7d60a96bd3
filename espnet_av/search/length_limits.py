"""How long an output may be, from `maxlenratio` and `minlenratio`."""


def longest_output(num_frames: int, ratio: float) -> int:
    """Most tokens: a share of the frames, -n = n tokens, 0 = as many as frames."""
    if ratio == 0:
        return num_frames
    return -int(ratio) if ratio < 0 else max(1, int(ratio * num_frames))


def shortest_output(num_frames: int, ratio: float) -> int:
    """Fewest tokens: a share of the frames, -n = n tokens."""
    return -int(ratio) if ratio < 0 else int(ratio * num_frames)
