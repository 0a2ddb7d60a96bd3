"""CTC prefix scores for all hypotheses of a batch, recursing over time only for those kept."""

from __future__ import annotations

import torch
from torch import Tensor

LOGZERO = -1e10
"""Stands for log(0), as in ESPnet: differences of two of them stay finite."""


class CTCPrefixScores:
    """Scores label sequences as beginnings of the CTC output (Watanabe et al. 2017, Algorithm 2).

    Candidates are scored by one log-sum over time, because the probability of prefix `h + c` is the
    sum over frames of `phi(t - 1, h) * p(c at t)`. The forward variables of `h + c`, which need a
    recursion over time, are computed for the few candidates that the beam keeps.

    Shapes: B utterances, W hypotheses, T frames, V labels, P scored candidates.
    """

    def __init__(self, log_probs: Tensor, lengths: Tensor, *, blank: int, eos: int) -> None:
        """Start with the empty prefix as the only hypothesis (W = 1).

        Args:
            log_probs: (B, T, V) float, log-softmax of the CTC layer.
            lengths: (B,) int64, valid frames.
            blank: id of the blank label.
            eos: id that ends a hypothesis; its score is that of the whole output being `h`.
        """
        num_utts, num_frames, _ = log_probs.shape
        valid = torch.arange(num_frames, device=log_probs.device) < lengths[:, None]
        # Past the end only blank is possible, so the last frame holds the total of each prefix.
        log_probs = log_probs.masked_fill(~valid[..., None], LOGZERO)
        log_probs[..., blank] = log_probs[..., blank].masked_fill(~valid, 0.0)
        self.log_probs, self.blank, self.eos = log_probs, blank, eos
        blanks = log_probs[..., blank].cumsum(dim=1)
        self.token_end = blanks.new_full((num_utts, num_frames, 1), LOGZERO)
        self.blank_end = blanks[..., None]
        self.last = torch.full((num_utts, 1), -1, dtype=torch.int64, device=log_probs.device)
        self.prefix_score = blanks.new_zeros((num_utts, 1))
        self.is_empty = True

    def score(self, candidates: Tensor | None) -> Tensor:
        """Log-probability of each next label given the prefix.

        Args:
            candidates: (B, W, P) int64 labels to score; None scores every label.

        Returns:
            (B, W, V) float; labels that were not asked for get `LOGZERO` less the prefix score, the
            end label is always scored.
        """
        total = torch.logaddexp(self.token_end, self.blank_end)
        num_utts, num_hyps = self.last.shape
        num_labels = self.log_probs.size(2)
        psi = total.new_full((num_utts, num_hyps, num_labels), LOGZERO)
        if candidates is None:
            scores = [self._score_all(total[:, :, hyp]) for hyp in range(num_hyps)]
            psi = torch.stack(scores, dim=1)
        else:
            psi.scatter_(2, candidates, self._score_some(total, candidates))
        self._score_repeats(psi, candidates)
        psi[..., self.eos] = total[:, -1]
        psi[..., self.blank] = LOGZERO
        self._psi, self._total = psi, total
        return psi - self.prefix_score[..., None]

    def keep(self, utts: Tensor, parents: Tensor, tokens: Tensor) -> None:
        """Continue with chosen extensions; call after `score`.

        Args:
            utts: (B',) indices of the utterances that go on.
            parents: (B', W') index of the hypothesis that each new one extends.
            tokens: (B', W') its new label.
        """
        over_time = parents[:, None, :].expand(-1, self.log_probs.size(1), -1)
        last = self.last[utts].gather(1, parents)
        phi = torch.where(
            (last == tokens)[:, None, :],
            self.blank_end[utts].gather(2, over_time),
            self._total[utts].gather(2, over_time),
        )
        psi = self._psi[utts].flatten(1)
        self.prefix_score = psi.gather(1, parents * self.log_probs.size(2) + tokens)
        if utts.numel() != self.log_probs.size(0):
            self.log_probs = self.log_probs[utts]
        emitted = self.log_probs.gather(2, tokens[:, None, :].expand_as(phi))
        self.token_end, self.blank_end = self._forward(phi, emitted)
        self.last, self.is_empty = tokens, False

    def _score_all(self, total: Tensor) -> Tensor:
        """(B, T) prefix totals to (B, V) scores of every extension."""
        before = self._shift(total[..., None])
        return torch.logsumexp(before + self.log_probs, dim=1)

    def _score_some(self, total: Tensor, candidates: Tensor) -> Tensor:
        num_utts, num_hyps, num_candidates = candidates.shape
        num_frames = self.log_probs.size(1)
        flat = candidates.reshape(num_utts, 1, -1).expand(-1, num_frames, -1)
        emitted = self.log_probs.gather(2, flat)
        # (B, T, W) -> (B, T, W * P)
        before = self._shift(total).repeat_interleave(num_candidates, dim=2)
        return torch.logsumexp(before + emitted, dim=1).view(num_utts, num_hyps, -1)

    def _score_repeats(self, psi: Tensor, candidates: Tensor | None) -> None:
        """Correct the score of repeating the last label: only paths with a blank between count."""
        if self.is_empty:
            return
        flat = self.last[:, None, :].expand(-1, self.log_probs.size(1), -1)
        emitted = self.log_probs.gather(2, flat)
        repeated = torch.logsumexp(self._shift(self.blank_end) + emitted, dim=1)
        last = self.last[..., None]
        if candidates is not None:
            asked = (candidates == last).any(dim=-1)
            repeated = torch.where(asked, repeated, psi.gather(2, last).squeeze(2))
        psi.scatter_(2, last, repeated[..., None])

    def _shift(self, values: Tensor) -> Tensor:
        """Delay (B, T, W) by a frame; the empty prefix is certain before the first one."""
        first = torch.full_like(values[:, :1], 0.0 if self.is_empty else LOGZERO)
        return torch.cat([first, values[:, :-1]], dim=1)

    def _forward(self, phi: Tensor, emitted: Tensor) -> tuple[Tensor, Tensor]:
        """Forward variables (B, T, W) of the extended prefixes, ending in label and in blank."""
        # Time first, so that each step of the recursion reads contiguous memory.
        phi, emitted = self._shift(phi).transpose(0, 1), emitted.transpose(0, 1)
        phi, emitted = phi.contiguous(), emitted.contiguous()
        blanks = self.log_probs[..., self.blank].transpose(0, 1)[..., None]
        token_end = torch.full_like(phi[0], LOGZERO)
        blank_end = token_end
        in_token, in_blank = [], []
        for time in range(phi.size(0)):
            previous = token_end
            token_end = torch.logaddexp(previous, phi[time]) + emitted[time]
            blank_end = torch.logaddexp(previous, blank_end) + blanks[time]
            in_token.append(token_end)
            in_blank.append(blank_end)
        return torch.stack(in_token, dim=1), torch.stack(in_blank, dim=1)
