"""Beam search with the attention decoder alone, as fairseq and Hugging Face search."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.decoder_cache import IncrementalDecoder
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.length_limits import longest_output, shortest_output


@dataclass
class _Ended:
    """The best finished hypotheses of one utterance, best first, on the host."""

    most: int
    hypotheses: list[Hypothesis] = field(default_factory=list)

    def add(self, hypothesis: Hypothesis) -> None:
        self.hypotheses.append(hypothesis)
        self.hypotheses.sort(key=lambda h: h.score, reverse=True)
        del self.hypotheses[self.most :]

    def can_improve(self, score: float) -> bool:
        """Whether a running one of this score, were it to end now, would find a place."""
        return len(self.hypotheses) < self.most or score > self.hypotheses[-1].score


class AttentionBeam:
    """W hypotheses run; of their 2 W best extensions those that end leave, W others go on.

    One that ends counts if it is among the W best of its step; its score is the sum of
    log-probabilities divided by tokens ** length_penalty, the end counted and what was given not.
    An utterance is done when W have ended and the best running one, by the same measure at its
    length, is no better than the last of them. So it is in Hugging Face's `generate` with
    `early_stopping=False`; beam 1 is the greedy search.
    """

    def __init__(self, model: Any, config: DecodeConfig) -> None:
        """Use the `decoder`, `sos` and `eos` of `model`."""
        self._model, self._config = model, config

    @torch.inference_mode()
    def search(self, memory: Tensor, lengths: Tensor, given: Tensor) -> list[list[Hypothesis]]:
        """Search a batch.

        Args:
            memory: (B, T, D) float encoder output.
            lengths: (B,) int64, valid frames, each >= 1.
            given: (B, P) int64 tokens that each output begins with, such as the tag of a language;
                P may be 0.

        Returns:
            per utterance up to `nbest` hypotheses, best first; their tokens begin with `given`.
        """
        self._start(memory, lengths, given)
        ended = [_Ended(self._config.beam_size) for _ in range(len(memory))]
        for step in range(1, int(self._longest.max()) + 1):
            if not self._advance(step, ended):
                break
        return [found.hypotheses[: self._config.nbest] for found in ended]

    def _start(self, memory: Tensor, lengths: Tensor, given: Tensor) -> None:
        config, device = self._config, memory.device
        self._decoder = IncrementalDecoder(self._model.decoder, memory, lengths)
        frames, known = lengths.tolist(), self._decoder.num_positions - given.size(1)
        most = [min(longest_output(n, config.maxlenratio), known) for n in frames]
        self._longest = torch.tensor(most, device=device)
        least = [shortest_output(n, config.minlenratio) for n in frames]
        self._shortest = torch.tensor(least, device=device)
        self._utts = torch.arange(len(memory), device=device)
        start = torch.full((len(memory), 1), self._model.sos, device=device)
        told = torch.cat([start, given.to(device)], dim=1)
        for column in told[:, :-1].unbind(dim=1):
            self._decoder.step(column.unsqueeze(1))
        self._tokens = told.unsqueeze(1)
        """(B, W, L) int64 of those that run, start symbol first."""
        self._score = torch.zeros(len(memory), 1, device=device)
        """(B, W), -inf = a free place."""

    def _advance(self, step: int, ended: list[_Ended]) -> bool:
        """One more token for all that run; False when no utterance goes on."""
        width, eos = self._config.beam_size, self._model.eos
        gained = self._decoder.step(self._tokens[..., -1]).float()
        too_short = step <= self._shortest[self._utts]
        gained[..., eos] = torch.where(too_short[:, None], -torch.inf, gained[..., eos])
        total = (self._score[..., None] + gained).flatten(1)
        best, chosen = total.topk(min(2 * width, total.size(1)), dim=1)
        parents, tokens = chosen // gained.size(2), chosen % gained.size(2)
        stops = (tokens == eos) | (step >= self._longest[self._utts])[:, None]
        self._finish(step, ended, parents, tokens, best, stops)
        # In their order: the scores are sorted already.
        score, place = best.masked_fill(stops, -torch.inf).topk(min(width, best.size(1)), dim=1)
        going_on = self._going_on(step, ended, score)
        keep = torch.tensor(going_on, device=score.device, dtype=torch.long)
        parents, tokens = (each.gather(1, place)[keep] for each in (parents, tokens))
        history = self._tokens[keep].gather(
            1, parents[..., None].expand(-1, -1, self._tokens.size(2))
        )
        self._tokens = torch.cat([history, tokens[..., None]], dim=2)
        self._score, self._utts = score[keep], self._utts[keep]
        self._decoder.keep(keep, parents)
        return bool(going_on)

    def _finish(
        self,
        step: int,
        ended: list[_Ended],
        parents: Tensor,
        tokens: Tensor,
        best: Tensor,
        stops: Tensor,
    ) -> None:
        """Move what ended among the W best to `ended`."""
        width = self._config.beam_size
        places = (stops & (best > -torch.inf))[:, :width].nonzero()
        if not len(places):
            return
        rows, columns = places.unbind(dim=1)
        utts = self._utts[rows].tolist()
        histories = self._tokens[rows, parents[rows, columns]].tolist()
        last, totals = tokens[rows, columns].tolist(), best[rows, columns].tolist()
        for utt, history, token, total in zip(utts, histories, last, totals, strict=True):
            text = history[1:] if token == self._model.eos else [*history[1:], token]
            score = total / step**self._config.length_penalty
            ended[utt].add(Hypothesis(tokens=text, score=score, parts={"decoder": total}))

    def _going_on(self, step: int, ended: list[_Ended], score: Tensor) -> list[int]:
        """Rows of the utterances that may still find better hypotheses.

        The last of them take the places of those that are done: nothing else has to be moved.
        """
        measure = step**self._config.length_penalty
        best = zip(self._utts.tolist(), score[:, 0].tolist(), strict=True)
        rows = [
            row
            for row, (utt, total) in enumerate(best)
            if not math.isinf(total) and ended[utt].can_improve(total / measure)
        ]
        staying = {row for row in rows if row < len(rows)}
        moving = [row for row in rows if row >= len(rows)]
        return [row if row in staying else moving.pop() for row in range(len(rows))]
