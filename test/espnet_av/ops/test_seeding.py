"""Seeds: fixed, in range, different for neighbours and for swapped parts."""

from espnet_av.ops.seeding import mix_seed


def test_seed_is_pinned():
    assert mix_seed(0, 1, 2) == 6944296732933707688
    assert 0 <= mix_seed(0, 1, 2) < 2**63


def test_parts_and_their_order_matter():
    seeds = {mix_seed(a, b, c) for a in range(5) for b in range(5) for c in range(5)}
    assert len(seeds) == 125
    assert mix_seed(1, 23) != mix_seed(12, 3)
