"""Caches of the tokens fed so far: rows that are kept, entries that nobody needs any more."""

import pytest
import torch

from espnet_av.search.prefix_cache import LayerPrefix, PrefixTree, additive_mask, keep_rows


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [0, 3], [3, 1], [2, 0, 1], [1, 2, 3], []])
def test_rows_are_kept_in_the_order_asked_for(rows):
    buffer = torch.randn(4, 2, 3)
    expected = buffer.clone()[rows]
    kept = keep_rows(buffer, torch.tensor(rows, dtype=torch.long))
    assert torch.equal(kept, expected)
    assert kept.numel() == 0 or kept.data_ptr() == buffer.data_ptr()


def test_a_mask_says_what_is_looked_at():
    found = additive_mask(torch.tensor([[True, False]]), torch.float32)
    assert found.tolist() == [[0.0, -torch.inf]]


def begin(num_utts, width, num_layers=1):
    """A tree whose hypotheses have the start symbol, 0, in common."""
    like = torch.zeros(num_utts, 1)
    tree = PrefixTree([LayerPrefix(like, 1, 1) for _ in range(num_layers)], like)
    tree.grow(1)
    for layer in tree.layers:
        layer.append(torch.zeros(num_utts, 1, 1, 1), torch.full((num_utts, 1, 1, 1), 0.5))
    tree.keep(torch.arange(num_utts), torch.zeros(num_utts, width, dtype=torch.long))
    return tree


def test_what_is_no_ancestor_is_thrown_out_and_nothing_else():
    """Against a list of the tokens of every hypothesis."""
    generator = torch.Generator().manual_seed(0)
    width, tree = 4, begin(3, 4, num_layers=2)
    texts = [[[0] for _ in range(width)] for _ in range(3)]
    sizes = []
    for step in range(70):
        fresh = torch.arange(3 * width).view(3, width) + 1 + step * 3 * width
        tokens = fresh.tolist()
        texts = [
            [[*text, token] for text, token in zip(*pair, strict=True)]
            for pair in zip(texts, tokens, strict=True)
        ]
        mask = tree.grow(width)
        new = fresh.float()[:, None, :, None]
        for layer, sign in zip(tree.layers, (1, -1), strict=True):
            keys, values = layer.append(sign * new, new + 0.5)
            for u, hypotheses in enumerate(texts):
                for w, text in enumerate(hypotheses):
                    seen = mask[u, 0, w] == 0
                    assert (sign * keys[u, 0, seen, 0]).sort().values.tolist() == sorted(text)
                    assert torch.equal(values[u, 0, seen], sign * keys[u, 0, seen] + 0.5)
        sizes.append(mask.size(3))
        # Those that go on have one parent every second time.
        parents = torch.randint(0, 1 + step % 2, (3, width), generator=generator)
        texts = [[t[p] for p in parents[u].tolist()] for u, t in enumerate(texts)]
        tree.keep(torch.arange(3), parents)
    assert max(sizes) < 70 + 32 * width, "it does not grow by all that was ever tried"


def test_an_utterance_that_needs_less_keeps_its_own():
    tree = begin(2, 3)
    entries = torch.arange(3.0).view(1, 1, 3, 1).expand(2, 1, 3, 1)
    for step in range(15):
        mask = tree.grow(3)
        tree.layers[0].append(*[entries + 3 * step + 1] * 2)
        # The first keeps three ways apart, the second has one past.
        tree.keep(torch.arange(2), torch.tensor([[0, 1, 2], [0, 0, 0]]))
    assert mask.size(3) == 46, "more than half of it is needed"
    tree.keep(torch.tensor([1]), torch.tensor([[0, 1, 2]]))
    mask = tree.grow(3)
    keys, _ = tree.layers[0].append(*[torch.full((1, 1, 3, 1), 99.0)] * 2)
    seen = keys[0, 0, mask[0, 0, 0] == 0, 0].tolist()
    assert sorted(seen) == [0.0, *(3.0 * step + 1 for step in range(15)), 99.0]
    assert mask.size(3) == 19
