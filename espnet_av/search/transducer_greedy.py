"""Greedy transducer search over all utterances of a batch at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from espnet_av.search.hypothesis import Hypothesis


@dataclass(frozen=True)
class _Found:
    """One more token of some utterances; N of them."""

    utts: Tensor
    """(N,) int64, index in the batch."""
    tokens: Tensor
    """(N,) int64."""
    frames: Tensor
    """(N,) int64."""
    log_probs: Tensor
    """(N,) float64."""


class TransducerGreedy:
    """Takes the likeliest symbol at each frame: a token, or the blank that ends the frame.

    Utterances do not march over the frames together, but over their tokens: those that look for
    their next one skip blanks, each from its own frame on, and the predictor then reads the tokens
    found by all (label-looping, arXiv 2406.06220). So it runs as often as the longest text has
    tokens, and the encoder output is projected once.
    """

    def __init__(self, model: Any, max_symbols: int) -> None:
        """Use the `predictor`, `joiner` and `blank_id` of `model`.

        Args:
            model: a transducer in eval mode.
            max_symbols: tokens after which a frame ends without a blank.
        """
        self._model, self._max_symbols = model, max_symbols

    @torch.inference_mode()
    def search(self, memory: Tensor, lengths: Tensor) -> list[Hypothesis]:
        """Search a batch.

        Args:
            memory: (B, T, D) float encoder output.
            lengths: (B,) int64, valid frames.

        Returns:
            B hypotheses; `frames` holds the frame of each token, `score` is the log-probability of
            the path: of its tokens and of its blanks.
        """
        num_utts, device = memory.size(0), memory.device
        self._lengths = lengths.to(device)
        self._encoded = self._model.joiner.project_encoder(memory)
        self._frame = torch.zeros(num_utts, dtype=torch.int64, device=device)
        self._symbols = torch.zeros_like(self._frame)
        self._score = torch.zeros(num_utts, dtype=torch.float64, device=device)
        output, state = self._model.predictor.start(num_utts, device)
        predicted = self._model.joiner.project_predictor(output)
        utts = (self._lengths > 0).nonzero().flatten()
        steps: list[_Found] = []
        while utts.numel() > 0:
            found = self._find_next(utts, predicted)
            steps.append(found)
            tokens, utts = self._count(found)
            if utts.numel() > 0:
                output, grown = self._model.predictor.step(
                    tokens, tuple(part[utts] for part in state)
                )
                predicted[utts] = self._model.joiner.project_predictor(output)
                for part, new in zip(state, grown, strict=True):
                    part[utts] = new
        return _collect(steps, self._score)

    def _find_next(self, utts: Tensor, predicted: Tensor) -> _Found:
        """The next token of each of `utts` that has one, all reading their own frames."""
        parts: list[_Found] = []
        while utts.numel() > 0:
            frames = self._frame[utts]
            logits = self._model.joiner(self._encoded[utts, frames], predicted[utts]).float()
            best, labels = logits.max(dim=-1)
            log_probs = (best - logits.logsumexp(dim=-1)).double()
            self._score[utts] += log_probs
            is_token = labels != self._model.blank_id
            some = is_token.nonzero().flatten()
            parts.append(_Found(utts[some], labels[some], frames[some], log_probs[some]))
            utts = self._pass_frame(utts[~is_token])
        return _Found(
            utts=torch.cat([part.utts for part in parts]),
            tokens=torch.cat([part.tokens for part in parts]),
            frames=torch.cat([part.frames for part in parts]),
            log_probs=torch.cat([part.log_probs for part in parts]),
        )

    def _count(self, found: _Found) -> tuple[Tensor, Tensor]:
        """End frames that have enough tokens; tokens and utterances of those that go on."""
        self._symbols[found.utts] += 1
        is_full = self._symbols[found.utts] >= self._max_symbols
        self._pass_frame(found.utts[is_full])
        goes_on = self._frame[found.utts] < self._lengths[found.utts]
        return found.tokens[goes_on], found.utts[goes_on]

    def _pass_frame(self, utts: Tensor) -> Tensor:
        """Go to the next frame; returns those of `utts` that have one."""
        self._frame[utts] += 1
        self._symbols[utts] = 0
        return utts[self._frame[utts] < self._lengths[utts]]


def _collect(steps: list[_Found], score: Tensor) -> list[Hypothesis]:
    scores = score.tolist()
    tokens: list[list[int]] = [[] for _ in scores]
    frames: list[list[int]] = [[] for _ in scores]
    probabilities: list[list[float]] = [[] for _ in scores]
    for found in steps:
        columns = (found.utts, found.tokens, found.frames, found.log_probs.exp())
        for utt, token, frame, probability in zip(*map(Tensor.tolist, columns), strict=True):
            tokens[utt].append(token)
            frames[utt].append(frame)
            probabilities[utt].append(probability)
    return [
        Hypothesis(
            tokens=tokens[utt],
            score=total,
            parts={"transducer": total},
            frames=frames[utt],
            probabilities=probabilities[utt],
        )
        for utt, total in enumerate(scores)
    ]
