"""Labels at the rate of a model whose frames are not those of the video."""

import numpy as np
import pytest

from espnet_av.data.readers.frame_labels import frame_labels
from espnet_av.data.table import Segment
from espnet_av.rates import frames_at_rate


@pytest.mark.parametrize(
    ("rate", "count"), [(25, 10), (50, 20), (31.25, 13), (15.625, 7), (12.5, 5)]
)
def test_labels_cover_the_utterance_at_any_rate(rate, count):
    assert frames_at_rate(10, rate) == count
    assert frames_at_rate(0, rate) == 0
    labels = frame_labels([Segment(0.0, 0.2, "a"), Segment(0.2, 0.3, "b")],
                          {"a": 0, "b": 1}, count, "u", frame_hz=rate)  # fmt: skip
    assert np.array_equal(labels, [int((k + 0.5) / rate >= 0.2) for k in range(count)])
