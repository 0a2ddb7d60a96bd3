"""Random numbers of a step, and masks drawn with them."""

import pytest
import torch

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.modules.span_mask import SpanMaskConfig, draw_span_mask
from espnet_av.modules.step_noise import StepNoise

CPU = torch.device("cpu")
LENGTHS = torch.tensor([50, 30])


def mask(*numbers, training=True, lengths=LENGTHS, num_frames=50, utt_id=None, kind=0):
    noise = StepNoise(numbers or None, CPU, training, utt_id)
    return draw_span_mask(SpanMaskConfig(), noise, kind, lengths, num_frames)


def test_masks_are_a_function_of_seed_step_rank_and_kind():
    first = mask(1, 2, 3)
    assert torch.equal(first, mask(1, 2, 3))
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not torch.equal(first, mask(*other))
    assert not torch.equal(first, mask(1, 2, 3, kind=1))
    assert not torch.equal(mask(), mask())


def test_masks_of_evaluation_are_a_function_of_the_utterance():
    names = ["a", "b"]
    both = mask(training=False, utt_id=names)
    assert torch.equal(both, mask(5, training=False, utt_id=names))
    alone = mask(training=False, utt_id=["b"], lengths=LENGTHS[1:], num_frames=33)
    assert torch.equal(both[1, :33], alone[0])
    swapped = mask(training=False, utt_id=names[::-1], lengths=LENGTHS.flip(0))
    assert torch.equal(swapped, both.flip(0))
    assert not torch.equal(both, mask(training=False, utt_id=["a", "c"]))
    assert torch.equal(mask(training=False), mask(training=False))


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"start_prob": 8.0}, "mask_prob 0.8 with mask_length 10 is start_prob 0.08"),
        ({"span": 0}, "span is 0"),
        ({"mask_length": 10}, "unknown key"),
    ],
)
def test_bad_settings_say_what_to_do(conf, message):
    with pytest.raises(ConfigError, match=message):
        build(SpanMaskConfig, conf)
