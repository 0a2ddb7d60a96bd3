"""Contrastive loss and perplexity frame by frame."""

import math

import torch


def loop_contrastive(predicted, targets, target_ids, negatives, mask, temperature):
    """(sum of losses, correct frames) as `ops.contrastive.contrastive_loss` promises."""
    loss, correct = 0.0, 0
    for b, t in mask.nonzero().tolist():
        here = predicted[b, t]
        own = similarity(here, targets[b, t]) / temperature
        others = [
            similarity(here, targets[b, n]) / temperature
            for n in negatives[b, t].tolist()
            if target_ids[b, n] != target_ids[b, t]
        ]
        loss += math.log(math.exp(own) + sum(map(math.exp, others))) - own
        correct += bool(others) and own > max(others)
    return loss, correct


def similarity(one, two):
    return torch.cosine_similarity(one, two, dim=0).item()


def loop_perplexity(distributions):
    """Of a list of distributions over V entries."""
    mean = [sum(column) / len(distributions) for column in zip(*distributions, strict=True)]
    return math.exp(-sum(share * math.log(share) for share in mean if share > 0))
