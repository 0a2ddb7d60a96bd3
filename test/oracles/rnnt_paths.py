"""Transducer loss path by path: every order of tokens and blanks, added up one after the other."""

from itertools import combinations

import torch


def loop_log_likelihood(emit, blank, allowed=None):
    """() log-probability of one utterance, through autograd; minus infinity without a path.

    Args:
        emit: (U, T) log-probability of each token at each frame.
        blank: (U + 1, T) that of the blanks.
        allowed: set of (row, frame) that a path may visit; all of them by default.
    """
    paths = [sum_arcs(emit, blank, nodes, allowed) for nodes in token_places(*emit.shape)]
    paths = [path for path in paths if path is not None]
    if not paths:
        return blank.sum() * 0.0 - float("inf")
    return torch.stack(paths).logsumexp(dim=0)


def token_places(num_tokens, num_frames):
    """For each path, which of its arcs are tokens; the last arc is the blank that ends it."""
    return combinations(range(num_tokens + num_frames - 1), num_tokens) if num_frames else []


def sum_arcs(emit, blank, places, allowed):
    row, frame, total = 0, 0, 0.0
    for arc in range(emit.size(0) + blank.size(1)):
        if allowed is not None and (row, frame) not in allowed:
            return None
        if arc in places:
            total, row = total + emit[row, frame], row + 1
        else:
            total, frame = total + blank[row, frame], frame + 1
    return total


def loop_losses(logits, targets, frame_lengths, target_lengths, blank=0, bands=None):
    """(B,) losses of logits (B, T, U + 1, V), each utterance cut to its own lengths.

    Args:
        logits: (B, T, U + 1, V).
        targets: (B, U).
        frame_lengths: (B,).
        target_lengths: (B,).
        blank: its id.
        bands: for each utterance, the nodes that its paths may visit.
    """
    losses = []
    for number, (num_frames, num_tokens) in enumerate(
        zip(frame_lengths.tolist(), target_lengths.tolist(), strict=True)
    ):
        scores = logits[number, :num_frames, : num_tokens + 1].log_softmax(dim=2)
        arcs = [scores[:, u, targets[number, u]] for u in range(num_tokens)]
        emit = torch.stack(arcs) if arcs else scores.new_zeros(0, num_frames)
        allowed = None if bands is None else bands[number]
        losses.append(-loop_log_likelihood(emit, scores[:, :, blank].t(), allowed))
    return torch.stack(losses)
