"""Transducer beam search, one symbol a frame, over all utterances and hypotheses of a batch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.search.token_paths import TokenPaths


@dataclass
class _Beam:
    """Different texts after some frames; B utterances, W texts each, the best one first."""

    score: Tensor
    """(B, W) float64, what the search maximises; -inf marks a free place."""
    best: Tensor
    """(B, W) float64, the part of `score` that the likeliest single path has."""
    lm_score: Tensor
    """(B, W) float64, log-probability of the text in the language model; 0 without one."""
    paths: TokenPaths
    """Texts, and the frames of the likeliest path."""
    predicted: Tensor
    """(B, W, J) projected output of the predictor after the text."""
    state: tuple[Tensor, ...]
    """Of the predictor, (B, W, ...) each."""
    lm_state: Tensor
    """(B, W) int64, of the language model; 0 without one."""
    lm_next: Tensor
    """(B, W, V) log-probabilities of the next token; (B, W, 0) without a language model."""


@dataclass
class _Grown:
    """The best texts that are one token longer than one of the beam; C of them an utterance."""

    score: Tensor
    """(B, C) float64."""
    best: Tensor
    """(B, C) float64."""
    parent: Tensor
    """(B, C) int64, place in the beam."""
    token: Tensor
    """(B, C) int64."""
    log_prob: Tensor
    """(B, C), of the token, by the transducer alone."""


class TransducerBeam:
    """Modified beam search: a frame is either a blank or one token of a text (arXiv 2211.00484).

    At each frame the `beam_size` likeliest extensions of an utterance's texts are added to the
    texts as they are. An extension that spells a text of the beam adds its probability to it. Then
    the `beam_size` best of all remain. That is ESPnet's time-synchronous decoding with one token a
    frame, but that a token ends its frame: no blank has to follow.

    A token's score is its log-probability + `lm_weight` * that of the language model +
    `length_penalty`. Only texts that have just grown go through the predictor.
    """

    def __init__(self, model: Any, config: DecodeConfig, lm: NGramLM | None = None) -> None:
        """Use the `predictor`, `joiner` and `blank_id` of `model`, and an LM on its device."""
        self._model, self._config, self._lm = model, config, lm

    @torch.inference_mode()
    def search(self, memory: Tensor, lengths: Tensor) -> list[list[Hypothesis]]:
        """Search a batch.

        Args:
            memory: (B, T, D) float encoder output.
            lengths: (B,) int64, valid frames.

        Returns:
            per utterance up to `nbest` hypotheses, best first.
        """
        # Longest first: those that still have frames are then always the first rows.
        lengths, order = lengths.cpu().sort(descending=True, stable=True)
        encoded = self._model.joiner.project_encoder(memory[order.to(memory.device)])
        beam = self._start(len(lengths), memory.device)
        ended: list[_Beam] = []
        for frame in range(int(lengths.max())):
            active, before = int((lengths > frame).sum()), beam.score.size(0)
            if active < before:
                ended.append(_rows(beam, slice(active, before)))
                beam = _rows(beam, slice(0, active))
            beam = self._advance(beam, encoded[:active, frame], frame)
        ended.append(beam)
        found = [hypotheses for part in reversed(ended) for hypotheses in self._collect(part)]
        places = order.argsort().tolist()
        return [found[place] for place in places]

    def _start(self, num_utts: int, device: torch.device) -> _Beam:
        output, state = self._model.predictor.start(num_utts, device)
        zeros = torch.zeros((num_utts, 1), dtype=torch.float64, device=device)
        lm_state = torch.zeros((num_utts, 1), dtype=torch.int64, device=device)
        lm_next = zeros.new_empty((num_utts, 1, 0))
        if self._lm is not None:
            lm_state += self._lm.start
            lm_next = self._lm.score(lm_state.flatten())[:, None]
        return _Beam(
            score=zeros,
            best=zeros,
            lm_score=zeros,
            paths=TokenPaths.empty(num_utts, device),
            predicted=self._model.joiner.project_predictor(output)[:, None],
            state=tuple(part[:, None] for part in state),
            lm_state=lm_state,
            lm_next=lm_next,
        )

    def _advance(self, beam: _Beam, encoded: Tensor, frame: int) -> _Beam:
        """Consume one frame; `encoded` is (B, J)."""
        logits = self._model.joiner(encoded[:, None], beam.predicted).float()
        total = logits.logsumexp(dim=-1)
        blank = (logits[..., self._model.blank_id] - total).double()
        grown = self._grow(beam, logits, total)
        beam.paths = beam.paths.with_room()
        known = beam.paths.find_grown(grown.parent, grown.token)
        # Free places may spell what a living text spells.
        known &= (beam.score > -torch.inf)[:, None, :] & (grown.score > -torch.inf)[..., None]
        # (B, W): the one extension that spells the same text, if there is one.
        joined, source = known.any(dim=1), known.int().argmax(dim=1)
        inflow = grown.score.gather(1, source).masked_fill(~joined, -torch.inf)
        rival = grown.best.gather(1, source).masked_fill(~joined, -torch.inf)
        stay, stay_best = beam.score + blank, beam.best + blank
        added = grown.score.masked_fill(known.any(dim=2), -torch.inf)
        scores = torch.cat([torch.logaddexp(stay, inflow), added], dim=1)
        bests = torch.cat([torch.maximum(stay_best, rival), grown.best], dim=1)
        score, chosen = scores.topk(min(self._config.beam_size, scores.size(1)), dim=1)
        return self._select(
            beam,
            grown,
            chosen,
            # Which extension a candidate's likeliest path ends with; -1: with the blank.
            torch.where(rival > stay_best, source, -1),
            score=score,
            best=bests.gather(1, chosen),
            frame=frame,
        )

    def _grow(self, beam: _Beam, logits: Tensor, total: Tensor) -> _Grown:
        num_tokens = min(self._config.beam_size, logits.size(2) - 1)
        gain = logits
        if self._lm is not None:
            gain = logits + self._config.lm_weight * beam.lm_next
        gain[..., self._model.blank_id] = -torch.inf
        # Of one text's extensions no more than the beam holds can survive.
        gain, token = gain.topk(num_tokens, dim=-1)
        gain = (gain - total[..., None]).double() + self._config.length_penalty
        scores = (beam.score[..., None] + gain).flatten(1)
        score, chosen = scores.topk(min(self._config.beam_size, scores.size(1)), dim=1)
        parent, token = chosen // num_tokens, token.flatten(1).gather(1, chosen)
        utts = torch.arange(len(parent), device=parent.device)[:, None]
        return _Grown(
            score=score,
            best=(beam.best[..., None] + gain).flatten(1).gather(1, chosen),
            parent=parent,
            token=token,
            log_prob=logits[utts, parent, token] - total.gather(1, parent),
        )

    def _select(
        self,
        beam: _Beam,
        grown: _Grown,
        chosen: Tensor,
        stay_source: Tensor,
        *,
        score: Tensor,
        best: Tensor,
        frame: int,
    ) -> _Beam:
        """The next beam, of candidates `chosen` (B, W'): first the W texts, then the C grown."""
        num_stay = beam.score.size(1)
        is_grown = chosen >= num_stay
        own = chosen.clamp(max=num_stay - 1)
        # Of which extension a candidate takes the path; -1: it keeps that of its text.
        path_source = torch.where(is_grown, chosen - num_stay, stay_source.gather(1, own))
        source = path_source.clamp(min=0)
        parent = grown.parent.gather(1, source)
        token = grown.token.gather(1, source)
        paths = beam.paths.select(
            torch.where(path_source >= 0, parent, own),
            grows=path_source >= 0,
            token=token,
            frame=frame,
            log_prob=grown.log_prob.gather(1, source),
        )
        text = torch.where(is_grown, parent, own)
        utts = torch.arange(len(text), device=text.device)[:, None]
        following = _Beam(
            score=score,
            best=best,
            lm_score=beam.lm_score.gather(1, text),
            paths=paths,
            predicted=beam.predicted[utts, text],
            state=tuple(part[utts, text] for part in beam.state),
            lm_state=beam.lm_state.gather(1, text),
            lm_next=beam.lm_next[utts, text],
        )
        places = (is_grown & (score > -torch.inf)).nonzero(as_tuple=True)
        if places[0].numel() > 0:
            self._read(following, places, token[places])
        return following

    def _read(self, beam: _Beam, places: tuple[Tensor, ...], tokens: Tensor) -> None:
        """Bring predictor and language model up to the new tokens (N,) of some texts."""
        state = tuple(part[places] for part in beam.state)
        output, state = self._model.predictor.step(tokens, state)
        beam.predicted[places] = self._model.joiner.project_predictor(output)
        for part, new in zip(beam.state, state, strict=True):
            part[places] = new
        if self._lm is not None:
            beam.lm_score[places] += beam.lm_next[(*places, tokens)].double()
            lm_state = self._lm.advance(beam.lm_state[places], tokens)
            beam.lm_state[places] = lm_state
            beam.lm_next[places] = self._lm.score(lm_state)

    def _collect(self, beam: _Beam) -> list[list[Hypothesis]]:
        config = self._config
        length = beam.paths.length
        bonus = config.length_penalty * length.double()
        weighted_lm = config.lm_weight * beam.lm_score if self._lm is not None else 0.0
        transducer = (beam.score - weighted_lm - bonus).tolist()
        score = beam.score / (length + 1) if config.length_norm else beam.score
        scores, lm_scores, lengths = score.tolist(), beam.lm_score.tolist(), length.tolist()
        results = []
        for utt, texts in enumerate(beam.paths.to_lists()):
            found = []
            for rank, (tokens, frames, probabilities) in enumerate(texts):
                if scores[utt][rank] == -torch.inf:
                    continue
                parts = {
                    "transducer": transducer[utt][rank],
                    "length_bonus": float(lengths[utt][rank]),
                }
                if self._lm is not None:
                    parts["lm"] = lm_scores[utt][rank]
                found.append(
                    Hypothesis(
                        tokens=tokens,
                        score=scores[utt][rank],
                        parts=parts,
                        frames=frames,
                        probabilities=probabilities,
                    )
                )
            found.sort(key=lambda hypothesis: hypothesis.score, reverse=True)
            results.append(found[: config.nbest])
        return results


def _rows(beam: _Beam, utts: slice) -> _Beam:
    """Some utterances of a beam."""
    parts = {field.name: getattr(beam, field.name) for field in dataclasses.fields(beam)}
    chosen = {name: part[utts] for name, part in parts.items() if isinstance(part, Tensor)}
    return _Beam(
        **chosen, paths=beam.paths.rows(utts), state=tuple(part[utts] for part in beam.state)
    )
