"""The benchmark of intervals refuses other distributions, and measures both trees."""

import numpy as np
import pytest


def test_other_distributions_are_refused(bench):
    rng = np.random.default_rng(0)
    before, now, wider = (
        np.array([[20.0, 30.0]]) + scale * rng.normal(0, 0.1, (5, 2)) + [[-scale, scale]]
        for scale in (1, 1, 3)
    )
    bench.agree("x", before, now)
    with pytest.raises(AssertionError, match=r"x: .* apart, of a spread of"):
        bench.agree("x", before, now + 2)
    with pytest.raises(AssertionError, match=r"x: (widths|.* apart)"):
        bench.agree("x", before, wider)
    with pytest.raises(AssertionError, match="the figures differ"):
        bench.agree("x", np.zeros((5, 3)), np.ones((5, 3)))


def test_a_worker_answers_with_results_time_and_memory(bench):
    answers = bench.answers(bench.jobs_of(300, 20))
    for name in bench.jobs_of(300, 20):
        found = answers["results"](name)["results"]
        assert len(found) == len(bench.SEEDS)
        assert np.isfinite(found).all()
        assert answers["memory"](name)["mb"] > 0
        assert answers["time"](name)["cpu"] >= 0
