"""Joint CTC/attention beam search over all utterances and hypotheses of a batch at once."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from espnet_av.search.ctc_prefix_score import CTCPrefixScores
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.decoder_cache import IncrementalDecoder
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.length_limits import longest_output, shortest_output

_PRE_BEAM_RATIO = 1.5
_END_LENGTHS = 3
_END_MARGIN = -10.0
"""End detection: outputs of the last three lengths are all e^-10 below the best (Eq. 50 of
Watanabe et al. 2017, with ESPnet's constants)."""


@dataclass
class _Ended:
    """Finished hypotheses of one utterance, on the host."""

    hypotheses: list[Hypothesis] = field(default_factory=list)
    best: float = -math.inf
    best_at_step: dict[int, float] = field(default_factory=dict)

    def add(self, hypothesis: Hypothesis, step: int) -> None:
        self.hypotheses.append(hypothesis)
        self.best = max(self.best, hypothesis.score)
        at_step = self.best_at_step.get(step, -math.inf)
        self.best_at_step[step] = max(at_step, hypothesis.score)

    def is_final(self, step: int) -> bool:
        """Whether longer outputs have stopped paying; ESPnet looks from two steps back."""
        recent = [self.best_at_step.get(step - 2 - back) for back in range(_END_LENGTHS)]
        return all(score is not None and score - self.best < _END_MARGIN for score in recent)


@dataclass
class _Running:
    """Unfinished hypotheses; B utterances still searched, W hypotheses each, L tokens so far."""

    utts: Tensor
    """(B,) index of the utterance in the batch."""
    tokens: Tensor
    """(B, W, L) int64, the start symbol first."""
    score: Tensor
    """(B, W) float; -inf marks a free place."""
    parts: Tensor
    """(B, W, S) float, unweighted score by scorer."""


class JointSearch:
    """Beam search with the scores and the pruning of ESPnet's BatchBeamSearch.

    The weights are decoder = 1 - ctc_weight, ctc = ctc_weight, length_bonus = length_penalty; a
    scorer of weight 0 is not run. With both decoder and CTC, the decoder first picks the
    1.5 * beam_size labels that CTC then scores ("full" pre-beam); with CTC alone every label is
    scored, as ESPnet's recogniser does.
    """

    def __init__(self, model: Any, config: DecodeConfig) -> None:
        """Use the `ctc`, `decoder`, `sos`, `eos`, `blank_id` of `model`."""
        self._model, self._config = model, config
        weights = {
            "decoder": 1.0 - config.ctc_weight,
            "length_bonus": config.length_penalty,
            "ctc": config.ctc_weight,
        }
        self._weights = {name: weight for name, weight in weights.items() if weight != 0.0}

    @torch.inference_mode()
    def search(self, memory: Tensor, lengths: Tensor) -> list[list[Hypothesis]]:
        """Search a batch.

        Args:
            memory: (B, T, D) float encoder output.
            lengths: (B,) int64, valid frames, each >= 1.

        Returns:
            per utterance up to `nbest` hypotheses, best first; none when `minlenratio` is a
            number of tokens that the longest allowed output cannot reach.
        """
        results = self._search_once(memory, lengths, self._config.minlenratio)
        ratio = self._config.minlenratio
        empty = [utt for utt, found in enumerate(results) if not found]
        while empty and ratio >= 0.1:  # as ESPnet: nothing ended, so allow shorter outputs
            ratio = max(0.0, ratio - 0.1)
            chosen = torch.tensor(empty, device=memory.device)
            again = self._search_once(memory[chosen], lengths[chosen], ratio)
            for utt, found in zip(empty, again, strict=True):
                results[utt] = found
            empty = [utt for utt in empty if not results[utt]]
        return [found[: self._config.nbest] for found in results]

    def _search_once(
        self, memory: Tensor, lengths: Tensor, minlenratio: float
    ) -> list[list[Hypothesis]]:
        num_frames = lengths.tolist()
        longest = [longest_output(frames, self._config.maxlenratio) for frames in num_frames]
        shortest = [shortest_output(frames, minlenratio) for frames in num_frames]
        self._start(memory, lengths)
        ended = [_Ended() for _ in num_frames]
        for step in range(max(longest)):
            parents, tokens = self._extend()
            going_on = self._collect(ended, tokens, step, longest, shortest)
            if not going_on:
                break
            keep = torch.tensor(going_on, device=memory.device)
            self._keep(keep, parents[keep], tokens[keep])
        return [sorted(found.hypotheses, key=lambda h: h.score, reverse=True) for found in ended]

    def _start(self, memory: Tensor, lengths: Tensor) -> None:
        shape = (memory.size(0), 1)
        self._running = _Running(
            utts=torch.arange(memory.size(0), device=memory.device),
            tokens=torch.full((*shape, 1), self._model.sos, device=memory.device),
            score=torch.zeros(shape, device=memory.device),
            parts=torch.zeros((*shape, len(self._weights)), device=memory.device),
        )
        self._decoder = self._ctc = None
        if "decoder" in self._weights:
            self._decoder = IncrementalDecoder(self._model.decoder, memory, lengths)
        if "ctc" in self._weights:
            log_probs = self._model.ctc.log_softmax(memory).float()
            self._ctc = CTCPrefixScores(
                log_probs, lengths, blank=self._model.blank_id, eos=self._model.eos
            )

    def _extend(self) -> tuple[Tensor, Tensor]:
        """Replace the running hypotheses by their best extensions; returns parents and labels."""
        running = self._running
        scores = self._score_labels()
        total = sum(self._weights[name] * values for name, values in scores.items())
        total = total + running.score[..., None]
        num_labels = total.size(2)
        flat = total.flatten(1)
        best, chosen = flat.topk(min(self._config.beam_size, flat.size(1)), dim=1)
        parents, tokens = chosen // num_labels, chosen % num_labels
        gained = [values.flatten(1).gather(1, chosen) for values in scores.values()]
        history = parents[..., None]
        self._running = _Running(
            utts=running.utts,
            tokens=torch.cat(
                [
                    running.tokens.gather(1, history.expand(-1, -1, running.tokens.size(2))),
                    tokens[..., None],
                ],
                dim=2,
            ),
            score=best,
            parts=running.parts.gather(1, history.expand(-1, -1, len(scores)))
            + torch.stack(gained, dim=2),
        )
        return parents, tokens

    def _score_labels(self) -> dict[str, Tensor]:
        """(B, W, V) unweighted scores by scorer, in the order in which ESPnet adds them."""
        newest = self._running.tokens[..., -1]
        scores: dict[str, Tensor] = {}
        if self._decoder is not None:
            scores["decoder"] = self._decoder.step(newest).float()
        if "length_bonus" in self._weights:
            scores["length_bonus"] = torch.ones(
                (*newest.shape, self._model.vocab_size), device=newest.device
            )
        if self._ctc is not None:
            scores["ctc"] = self._ctc.score(self._pre_beam(scores))
        return scores

    def _pre_beam(self, scores: dict[str, Tensor]) -> Tensor | None:
        size = int(_PRE_BEAM_RATIO * self._config.beam_size)
        if "decoder" not in scores or size >= self._model.vocab_size:
            return None
        # The length bonus is the same for every label, so the decoder alone decides.
        return scores["decoder"].topk(size, dim=-1).indices

    def _collect(
        self,
        ended: list[_Ended],
        tokens: Tensor,
        step: int,
        longest: list[int],
        shortest: list[int],
    ) -> list[int]:
        """Move finished hypotheses to `ended`; returns the rows of utterances that go on."""
        running = self._running
        utts = running.utts.tolist()
        at_limit = [step == longest[utt] - 1 for utt in utts]
        stops = (tokens == self._model.eos) | torch.tensor(at_limit, device=tokens.device)[:, None]
        alive = running.score > -math.inf
        self._move(ended, (stops & alive).nonzero(), step, shortest)
        running.score = running.score.masked_fill(stops, -math.inf)
        has_more = (alive & ~stops).any(dim=1).tolist()
        detects_end = self._config.maxlenratio == 0.0
        return [
            row
            for row, utt in enumerate(utts)
            if has_more[row] and not (detects_end and ended[utt].is_final(step))
        ]

    def _move(self, ended: list[_Ended], places: Tensor, step: int, shortest: list[int]) -> None:
        if places.numel() == 0:
            return
        running = self._running
        rows, hyps = places.unbind(dim=1)
        utts = running.utts[rows].tolist()
        texts = running.tokens[rows, hyps, 1:].tolist()
        scores = running.score[rows, hyps].tolist()
        parts = running.parts[rows, hyps].tolist()
        names = [name for name in ("decoder", "length_bonus", "ctc") if name in self._weights]
        for utt, text, score, values in zip(utts, texts, scores, parts, strict=True):
            if step < shortest[utt]:
                continue
            if text[-1] == self._model.eos:
                text.pop()
            hypothesis = Hypothesis(
                tokens=text, score=score, parts=dict(zip(names, values, strict=True))
            )
            ended[utt].add(hypothesis, step)

    def _keep(self, utts: Tensor, parents: Tensor, tokens: Tensor) -> None:
        running = self._running
        self._running = dataclasses.replace(
            running,
            utts=running.utts[utts],
            tokens=running.tokens[utts],
            score=running.score[utts],
            parts=running.parts[utts],
        )
        if self._decoder is not None:
            self._decoder.keep(utts, parents)
        if self._ctc is not None:
            self._ctc.keep(utts, parents, tokens)
