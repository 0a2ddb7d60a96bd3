"""SpecAugment: what it hides, and when."""

import torch

from espnet_av.modules.frontend.spec_augment import SpecAugment, SpecAugmentConfig


def test_masks_cover_whole_rows_and_columns():
    torch.manual_seed(0)
    config = SpecAugmentConfig(num_freq_masks=1, num_time_masks=1, max_time_ratio=0.5)
    augment = SpecAugment(config).train()
    hidden = augment(torch.ones(50, 30, 20), torch.full((50,), 30)) == 0
    rows, columns = hidden.all(dim=2), hidden.all(dim=1)
    assert torch.equal(hidden, rows[:, :, None] | columns[:, None, :])
    assert rows.any()
    assert columns.any()


def test_counts_of_zero_switch_it_off():
    config = SpecAugmentConfig(num_freq_masks=0, num_time_masks=0)
    x = torch.randn(2, 5, 4)
    assert torch.equal(SpecAugment(config).train()(x, torch.tensor([5, 5])), x)


def test_a_stripe_is_at_most_as_wide_as_allowed():
    torch.manual_seed(0)
    config = SpecAugmentConfig(num_freq_masks=1, max_freq_width=3, num_time_masks=0)
    hidden = SpecAugment(config).train()(torch.ones(80, 6, 20), torch.full((80,), 6)) == 0
    widths = hidden.all(dim=1).sum(dim=1)
    assert widths.max() == 3


def test_a_time_stripe_is_limited_by_the_smaller_bound():
    torch.manual_seed(0)
    config = SpecAugmentConfig(
        num_freq_masks=0, num_time_masks=1, max_time_ratio=0.5, max_time_width=4
    )
    lengths = torch.tensor([30] * 40 + [6] * 40)
    hidden = SpecAugment(config).train()(torch.ones(80, 30, 3), lengths) == 0
    widths = hidden.all(dim=2).sum(dim=1)
    assert widths[:40].max() == 4
    assert widths[40:].max() == 3
