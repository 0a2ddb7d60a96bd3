"""Batches by length."""

from hypothesis import given
from hypothesis import strategies as st

from espnet_av.data.batch_plan import plan_batches


@given(st.lists(st.integers(1, 300), max_size=40), st.integers(1, 900))
def test_batches_hold_everything_once_within_the_budget(num_frames, budget):
    batches = plan_batches(num_frames, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(num_frames)))
    flat = [num_frames[index] for batch in batches for index in batch]
    assert flat == sorted(flat, reverse=True)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * num_frames[batch[0]] <= budget
