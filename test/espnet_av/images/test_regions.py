"""Regions of one detection: order, shares, and what does not belong together."""

import numpy as np
import pytest

from espnet_av.errors import ArrayError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.regions import Detection, to_regions

CONFIG = ImagesConfig(num_regions=4, width=3)


def detection(confidence):
    boxes = np.tile(np.array([10, 20, 50, 60], np.float32), (4, 1))
    return Detection(100, 200, np.arange(12, dtype=np.float32).reshape(4, 3), boxes, confidence)


def test_most_confident_first_and_boxes_as_shares():
    found = to_regions(detection(np.array([0.1, 0.9, 0.5, 0.9])), CONFIG)
    assert found.features[:, 0].tolist() == [3, 9, 6, 0]
    np.testing.assert_allclose(found.boxes[0], [0.05, 0.2, 0.25, 0.6], atol=1e-6)


@pytest.mark.parametrize("count", [0, 3, 5])
def test_confidences_of_other_regions(count):
    with pytest.raises(ArrayError, match=f"{count} confidences of 4 regions"):
        to_regions(detection(np.ones(count)), CONFIG)


def test_boxes_that_are_shares_already():
    found = detection(None)
    shares = found._replace(boxes=found.boxes / np.array([200, 100, 200, 100], np.float32))
    with pytest.raises(ArrayError, match="in the first pixel of an image of 200 x 100"):
        to_regions(shares, CONFIG)
    tiny = found._replace(height=1, width=1, boxes=np.tile(np.float32([0, 0, 1, 1]), (4, 1)))
    assert to_regions(tiny, CONFIG).boxes.max() == 1
