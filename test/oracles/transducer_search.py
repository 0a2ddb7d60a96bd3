"""Transducer search for one utterance, frame by frame and text by text, with dictionaries."""

import math
from types import SimpleNamespace

import torch
from oracles.ctc_prefix_beam import log_add

from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.predictor import build_predictor

CONF = {"lstm": {"hidden_size": 12, "num_layers": 2}, "stateless": {"size": 12, "context_size": 2}}


def tiny_transducer(predictor="lstm", vocab_size=7, size=10, seed=0, sharpness=4.0, blank_bias=0.0):
    """Random weights; `sharpness` scales the logits, `blank_bias` makes blanks likelier."""
    torch.manual_seed(seed)
    model = SimpleNamespace(
        predictor=build_predictor(predictor, CONF[predictor], vocab_size).eval(),
        blank_id=0,
        vocab_size=vocab_size,
        ctc=None,
        decoder=None,
        sos=vocab_size - 1,
        eos=vocab_size - 1,
        feature_rate=25,
    )
    model.joiner = Joiner(size, 12, 16, vocab_size).eval()
    with torch.no_grad():
        for name in ("lin_dec", "lin_out"):
            getattr(model.joiner, name).weight.mul_(sharpness)
        model.joiner.lin_out.bias[0] += blank_bias
    return model


@torch.no_grad()
def log_probs(model, frame, text):
    """[V] of the symbol that follows a text at a frame (D,); the predictor reads all of it anew."""
    whole = torch.tensor([list(text)], dtype=torch.int64)
    output = model.predictor(whole)[0, -1]
    joiner = model.joiner
    logits = joiner(joiner.project_encoder(frame), joiner.project_predictor(output))
    return torch.log_softmax(logits.double(), dim=-1).tolist()


def greedy(model, frames, max_symbols):
    """(tokens, frame of each, log-probability of the path); `frames` is (T, D)."""
    tokens, places, score = [], [], 0.0
    time = symbols = 0
    while time < len(frames):
        scores = log_probs(model, frames[time], tokens)
        best = max(range(len(scores)), key=scores.__getitem__)
        score += scores[best]
        if best != model.blank_id:
            tokens.append(best)
            places.append(time)
            symbols += 1
        if best == model.blank_id or symbols == max_symbols:
            time, symbols = time + 1, 0
    return tokens, places, score


def beam(model, frames, beam_size, *, bonus=0.0, lm=lambda text, token: 0.0, lm_weight=0.0):
    """[(tokens, score, frames of the likeliest path)] after the last frame, best first.

    Of each frame the `beam_size` best extensions are taken; one that spells a text of the beam
    adds to it. `lm` gives the log-probability of a token after a text.
    """
    texts = {(): (0.0, 0.0, ())}
    for time, frame in enumerate(frames):
        stay, grown = {}, []
        for text, (score, best, places) in texts.items():
            scores = log_probs(model, frame, text)
            blank = scores[model.blank_id]
            stay[text] = (score + blank, best + blank, places)
            for token, value in enumerate(scores):
                if token != model.blank_id:
                    gain = value + bonus + lm_weight * lm(text, token)
                    longer = (*text, token)
                    grown.append((longer, score + gain, best + gain, (*places, time)))
        grown.sort(key=lambda item: item[1], reverse=True)
        for text, score, best, places in grown[:beam_size]:
            old = stay.get(text, (-math.inf, -math.inf, ()))
            likelier = places if best > old[1] else old[2]
            stay[text] = (log_add(old[0], score), max(old[1], best), likelier)
        ranked = sorted(stay.items(), key=lambda item: item[1][0], reverse=True)
        texts = dict(ranked[:beam_size])
    return [(list(text), score, list(places)) for text, (score, _, places) in texts.items()]
