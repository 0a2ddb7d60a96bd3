"""Recordings are cut where nobody speaks."""

from __future__ import annotations

from espnet_av.corpora.speech_cuts import cut_at_pauses


def test_pieces_end_in_pauses() -> None:
    speech = [(0.0, 2.1), (2.4, 3.0), (4.2, 5.5)]
    assert cut_at_pauses(speech, 1.0, 20.0) == [(0.0, 3.0), (4.2, 5.5)]
    assert cut_at_pauses(speech, 1.0, 2.5) == [(0.0, 2.1), (4.2, 5.5)]
    assert cut_at_pauses(speech, 2.0, 20.0) == [(0.0, 3.0)]
    assert cut_at_pauses([(0, 9)], 1.0, 4.0) == [(0, 3), (3, 6), (6, 9)]
    assert cut_at_pauses([(0, 8)], 1.0, 4.0) == [(0, 4), (4, 8)]
    # Overlapping and touching stretches are one, whatever their order.
    assert cut_at_pauses([(2, 3), (0, 2.5), (3, 3.5)], 1.0, 4.0) == [(0, 3.5)]
    assert cut_at_pauses([(1, 1)], 0.1, 4.0) == cut_at_pauses([], 0.1, 4.0) == []
