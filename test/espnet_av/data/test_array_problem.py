"""What is wrong with an array, in words."""

from __future__ import annotations

import numpy as np
import pytest

from espnet_av.data.array_problem import boxes_problem, regions_problem, vector_problem

BOX = (0.1, 0.2, 0.3, 0.4)


def test_what_is_right() -> None:
    assert boxes_problem(np.array([BOX, (0, 0, 1, 1), (0.5, 0.5, 0.5, 0.5)])) is None
    assert boxes_problem(np.array([(0, 0, 1 + 1e-6, 1)])) is None
    assert regions_problem(np.zeros((36, 2048))) is None
    assert vector_problem(np.zeros(3)) is None


@pytest.mark.parametrize(
    ("box", "reason", "told"),
    [
        ((0.3, 0.2, 0.1, 0.4), "corners of a box in another order", "region 2 is 0.3 0.2 0.1 0.4"),
        ((0.1, 0.4, 0.3, 0.2), "corners of a box in another order", "x1 <= x2 and y1 <= y2"),
        ((-0.01, 0.2, 0.3, 0.4), "box outside its image", "region 2 is -0.01"),
        ((0.1, 0.2, 0.3, 1.01), "box outside its image", "divide pixels by these"),
    ],
)
def test_boxes_that_are_wrong(box, reason: str, told: str) -> None:
    problem = boxes_problem(np.array([BOX, box]))
    assert problem is not None and problem.reason == reason and told in problem.detail


def test_shapes_that_are_wrong() -> None:
    assert boxes_problem(np.zeros((3, 5))).reason == "boxes without four corners"
    for problem in (
        boxes_problem(np.zeros(4)),
        boxes_problem(np.zeros((0, 4))),
        regions_problem(np.zeros((2, 3, 4))),
        regions_problem(np.zeros((36, 0))),
        vector_problem(np.zeros((1, 3))),
    ):
        assert problem is not None and problem.reason == "array of another shape"
