"""CTC prefix beam search over all utterances and hypotheses of a batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.lexicon import Lexicon

_HASH_FACTOR = 6364136223846793005
"""Multiplier of the 64-bit rolling hash (Knuth's MMIX generator); wraps around on purpose."""


@dataclass
class _Beam:
    """Prefixes after some frames; W is the number kept."""

    blank_end: Tensor
    """(B, W) log-probability of the prefix with a blank last."""
    token_end: Tensor
    """(B, W) log-probability of the prefix with its last token last."""
    tokens: Tensor
    """(B, W, L) ids, valid up to `length`."""
    length: Tensor
    """(B, W) int64."""
    last: Tensor
    """(B, W) last id; -1 for the empty prefix."""
    identity: Tensor
    """(B, W) hash of the prefix, by which equal prefixes are found."""
    state: Tensor
    """(B, W) int64, where in the lexicon the prefix stands; 0 without one."""

    @property
    def total(self) -> Tensor:
        """(B, W) log-probability of the prefix."""
        return torch.logaddexp(self.blank_end, self.token_end)


@dataclass(frozen=True)
class _Search:
    """Settings, as in `ctc_prefix`."""

    beam_size: int
    length_penalty: float
    blank: int
    lexicon: Lexicon | None


def ctc_prefix(
    log_probs: Tensor,
    lengths: Tensor,
    beam_size: int,
    *,
    length_penalty: float = 0.0,
    nbest: int = 1,
    blank: int = 0,
    lexicon: Lexicon | None = None,
) -> list[list[Hypothesis]]:
    """Search the label sequences with the largest summed path probability.

    At each frame a prefix stays (blank or repeat) or grows by one token; alternatives that spell
    the same prefix are summed (Graves 2008; Hannun et al., arXiv 1408.2873, without a language
    model). Of the tokens that may follow a prefix only the 2 * beam_size likeliest of a frame are
    tried, which loses nothing: of one prefix's extensions at most beam_size survive, at most
    beam_size - 1 are merged away, and only the repeat of its last token is out of order.

    Args:
        log_probs: (B, T, V) float, log-softmax of the CTC layer.
        lengths: (B,) int64, valid frames.
        beam_size: prefixes kept per utterance.
        length_penalty: bonus per token, applied while pruning and in the score.
        nbest: hypotheses returned per utterance.
        blank: id of the blank label.
        lexicon: on the device of `log_probs`; texts of its words only. What ends inside a word
            is left out, unless the beam ends with nothing else.
    """
    num_utts, num_frames, _ = log_probs.shape
    valid = torch.arange(num_frames, device=log_probs.device) < lengths[:, None]
    # Frames past the end emit blank with certainty, so a finished utterance stands still.
    log_probs = log_probs.masked_fill(~valid[..., None], -torch.inf)
    log_probs[..., blank] = log_probs[..., blank].masked_fill(~valid, 0.0)
    beam = _start(num_utts, num_frames, log_probs)
    search = _Search(beam_size, length_penalty, blank, lexicon)
    for frame in range(num_frames):
        beam = _advance(beam, log_probs[:, frame], search)
    return _collect(beam, search, nbest)


def _start(num_utts: int, num_frames: int, like: Tensor) -> _Beam:
    shape = (num_utts, 1)
    return _Beam(
        blank_end=like.new_zeros(shape),
        token_end=like.new_full(shape, -torch.inf),
        tokens=torch.zeros((*shape, num_frames), dtype=torch.int64, device=like.device),
        length=torch.zeros(shape, dtype=torch.int64, device=like.device),
        last=torch.full(shape, -1, dtype=torch.int64, device=like.device),
        identity=torch.ones(shape, dtype=torch.int64, device=like.device),
        state=torch.zeros(shape, dtype=torch.int64, device=like.device),
    )


def _advance(beam: _Beam, scores: Tensor, search: _Search) -> _Beam:
    """Consume one frame; `scores` is (B, V)."""
    total = beam.total
    tokens_only = scores.clone()
    tokens_only[:, search.blank] = -torch.inf
    top_ids, grown = _grow(beam, total, tokens_only, search)
    grown_identity = _extend_hash(beam.identity[..., None], top_ids)
    grown = _drop_known(grown, grown_identity, beam.identity)
    last_scores = tokens_only.gather(1, beam.last.clamp(min=0))
    last_scores = last_scores.masked_fill(beam.last < 0, -torch.inf)
    stay_token = torch.logaddexp(beam.token_end + last_scores, _inflow(beam, total, last_scores))
    stay_blank = total + scores[:, search.blank, None]
    # Candidates: the W prefixes as they are, then W x K grown ones.
    candidate_token = torch.cat([stay_token, grown.flatten(1)], dim=1)
    candidate_blank = torch.cat([stay_blank, torch.full_like(grown, -torch.inf).flatten(1)], dim=1)
    ranking = torch.logaddexp(candidate_token, candidate_blank)
    bonus = torch.cat(
        [beam.length, (beam.length[..., None] + 1).expand_as(grown).flatten(1)], dim=1
    )
    ranking = ranking + search.length_penalty * bonus
    best, chosen = ranking.topk(min(search.beam_size, ranking.size(1)), dim=1)
    following = _select(beam, chosen, top_ids, candidate_blank, candidate_token, search.lexicon)
    # An impossible candidate may spell a living prefix: it must not receive that one's mass.
    impossible = best == -torch.inf
    following.identity = following.identity.masked_fill(impossible, 0)
    following.last = following.last.masked_fill(impossible, -1)
    return following


def _grow(
    beam: _Beam, total: Tensor, tokens_only: Tensor, search: _Search
) -> tuple[Tensor, Tensor]:
    """(B, W, K) tokens to try after each prefix, and the log-probability of what they give."""
    # (B, 1, V), or (B, W, V) where each prefix has its own tokens.
    scores = tokens_only[:, None]
    if search.lexicon is not None:
        scores = scores.masked_fill(~search.lexicon.allowed[beam.state], -torch.inf)
    top_scores, top_ids = scores.topk(min(2 * search.beam_size, scores.size(2)), dim=2)
    top_ids = top_ids.expand(-1, beam.last.size(1), -1)
    # A repeat of the last token is a new token only after a blank.
    repeats = top_ids == beam.last[..., None]
    source = torch.where(repeats, beam.blank_end[..., None], total[..., None])
    return top_ids, top_scores + source


def _extend_hash(identity: Tensor, token: Tensor) -> Tensor:
    return identity * _HASH_FACTOR + token + 1


def _drop_known(grown: Tensor, grown_identity: Tensor, identity: Tensor) -> Tensor:
    """Remove extensions that spell a prefix the beam already holds; it receives their mass."""
    known = (grown_identity[..., None] == identity[:, None, None, :]).any(dim=-1)
    return grown.masked_fill(known, -torch.inf)


def _inflow(beam: _Beam, total: Tensor, last_scores: Tensor) -> Tensor:
    """(B, W) mass that reaches prefix j by extending a prefix i of the beam with j's last token."""
    extended = _extend_hash(beam.identity[..., None], beam.last[:, None, :])
    is_parent = (extended == beam.identity[:, None, :]) & (beam.last >= 0)[:, None, :]
    repeats = beam.last[..., None] == beam.last[:, None, :]
    source = torch.where(repeats, beam.blank_end[..., None], total[..., None])
    source = source.masked_fill(~is_parent, -torch.inf)
    # A prefix has one parent, so the largest entry is the only one.
    return source.amax(dim=1) + last_scores


def _select(
    beam: _Beam,
    chosen: Tensor,
    top_ids: Tensor,
    candidate_blank: Tensor,
    candidate_token: Tensor,
    lexicon: Lexicon | None,
) -> _Beam:
    """Build the next beam from candidate indices (B, W')."""
    num_old, num_tried = beam.last.size(1), top_ids.size(2)
    grows = chosen >= num_old
    extension = (chosen - num_old).clamp(min=0)
    parent = torch.where(grows, extension // num_tried, chosen)
    token = top_ids.flatten(1).gather(1, extension)
    length = beam.length.gather(1, parent)
    tokens = beam.tokens.gather(1, parent[..., None].expand(-1, -1, beam.tokens.size(2)))
    # A prefix that stays writes past its end, where nothing is read.
    tokens.scatter_(2, length[..., None], token[..., None])
    identity, state = beam.identity.gather(1, parent), beam.state.gather(1, parent)
    if lexicon is not None:
        state = torch.where(grows, lexicon.following[state, token], state)
    return _Beam(
        blank_end=candidate_blank.gather(1, chosen),
        token_end=candidate_token.gather(1, chosen),
        tokens=tokens,
        length=length + grows,
        last=torch.where(grows, token, beam.last.gather(1, parent)),
        identity=torch.where(grows, _extend_hash(identity, token), identity),
        state=state,
    )


def _collect(beam: _Beam, search: _Search, nbest: int) -> list[list[Hypothesis]]:
    totals, lengths = beam.total.tolist(), beam.length.tolist()
    tokens = beam.tokens.cpu()
    complete = torch.ones_like(beam.state, dtype=torch.bool)
    if search.lexicon is not None:
        complete = search.lexicon.complete[beam.state]
        complete = complete | ~(complete & (beam.total > -torch.inf)).any(dim=1, keepdim=True)
    results = []
    for utt, whole in enumerate(complete.tolist()):
        found = [
            Hypothesis(
                tokens=tokens[utt, rank, : lengths[utt][rank]].tolist(),
                score=score + search.length_penalty * lengths[utt][rank],
                parts={"ctc": score, "length_bonus": float(lengths[utt][rank])},
            )
            for rank, score in enumerate(totals[utt])
            if score > -torch.inf and whole[rank]
        ]
        results.append(sorted(found, key=lambda h: h.score, reverse=True)[:nbest])
    return results
