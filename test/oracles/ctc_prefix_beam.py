"""CTC prefix beam search with dictionaries, one frame and one prefix at a time."""

import itertools
import math


def log_add(left, right):
    """log(exp(left) + exp(right))."""
    if left == -math.inf or right == -math.inf:
        return max(left, right)
    high, low = max(left, right), min(left, right)
    return high + math.log1p(math.exp(low - high))


def prefix_beam(log_probs, beam_size, penalty=0.0, blank=0, allows=lambda prefix: True):
    """[(prefix, log-probability)] best first; `log_probs` is a list of lists (T, V).

    Prefixes that `allows` refuses are never made.
    """
    beam = {(): (0.0, -math.inf)}
    for frame in log_probs:
        grown = {}

        def add(prefix, in_blank, in_token, grown=grown):
            old = grown.get(prefix, (-math.inf, -math.inf))
            grown[prefix] = (log_add(old[0], in_blank), log_add(old[1], in_token))

        for prefix, (in_blank, in_token) in beam.items():
            total = log_add(in_blank, in_token)
            add(prefix, total + frame[blank], -math.inf)
            for label, score in enumerate(frame):
                if label == blank:
                    continue
                if prefix and prefix[-1] == label:
                    add(prefix, -math.inf, in_token + score)
                    if allows((*prefix, label)):
                        add((*prefix, label), -math.inf, in_blank + score)
                elif allows((*prefix, label)):
                    add((*prefix, label), -math.inf, total + score)
        ranked = sorted(
            grown.items(), key=lambda item: log_add(*item[1]) + penalty * len(item[0]), reverse=True
        )
        beam = dict(ranked[:beam_size])
    found = [(prefix, log_add(*scores)) for prefix, scores in beam.items()]
    return [(prefix, score) for prefix, score in found if score > -math.inf]


def sequence_probabilities(log_probs, blank=0):
    """{labels: log-probability} by going through every path."""
    num_labels = len(log_probs[0])
    result = {}
    for path in itertools.product(range(num_labels), repeat=len(log_probs)):
        labels = tuple(label for label, _ in itertools.groupby(path) if label != blank)
        score = sum(frame[label] for frame, label in zip(log_probs, path, strict=True))
        result[labels] = log_add(result.get(labels, -math.inf), score)
    return result
