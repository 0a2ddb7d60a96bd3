"""The best CTC path through a text, against all paths there are and against torchaudio's."""

import itertools

import pytest
import torch

from espnet_av.ops.forced_path import forced_path


def sample(seed, num_frames, num_labels=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.log_softmax(3 * torch.randn(num_frames, num_labels, generator=generator), -1)


def best_of_all(log_probs, tokens, blank):
    """Every labelling of the frames that reads the tokens, the most likely one."""

    def reads(path):
        return [label for label, _ in itertools.groupby(path) if label != blank] == tokens

    labels = range(log_probs.size(1))
    paths = [path for path in itertools.product(labels, repeat=len(log_probs)) if reads(path)]
    return max(paths, key=lambda path: sum(log_probs[t, k].item() for t, k in enumerate(path)))


@pytest.mark.parametrize("blank", [0, 3])
@pytest.mark.parametrize("tokens", [[1], [1, 1], [2, 1, 2], [1, 2, 2]])
def test_is_the_best_of_all_paths(tokens, blank):
    for seed in range(4):
        log_probs = sample(seed, 5)
        found = forced_path(log_probs, torch.tensor(tokens), blank)
        assert tuple(found.tolist()) == best_of_all(log_probs, tokens, blank)


def test_equals_torchaudio():
    functional = pytest.importorskip("torchaudio.functional")
    generator = torch.Generator().manual_seed(0)
    for seed in range(40):
        log_probs = sample(seed, 30)
        tokens = torch.randint(1, 4, (1 + seed % 15,), generator=generator)
        expected, _ = functional.forced_align(log_probs[None], tokens[None].int(), blank=0)
        assert torch.equal(forced_path(log_probs, tokens), expected[0].long())


def test_frames_just_suffice():
    tokens = torch.tensor([1, 1, 2])
    assert forced_path(sample(0, 4), tokens).tolist() == [1, 0, 1, 2]
    assert forced_path(sample(0, 1), torch.tensor([3])).tolist() == [3]


def test_impossible_labels_and_other_types():
    log_probs = sample(0, 6)
    log_probs[:, 0] = -torch.inf
    tokens = torch.tensor([1, 2])
    found = forced_path(log_probs.bfloat16(), tokens)
    assert set(found.tolist()) == {1, 2}
    assert found.dtype == torch.int64
    asked = sample(1, 6).requires_grad_()
    assert not forced_path(asked, tokens).requires_grad
