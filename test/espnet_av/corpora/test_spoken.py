"""Speech put between silences, with the times of its phones."""

import numpy as np
import pytest

from espnet_av.corpora.spoken import record, timed_phones
from espnet_av.synthesis.espeak import Speech
from espnet_av.synthesis.visemes import base_phone, phoneme


def test_voiceless_stops_shut_the_mouth_before_the_burst():
    phonemes = ((0, "ˈɑː"), (4410, "p"), (6615, "b"), (8820, "ɑ"), (11025, ""))
    speech = Speech(np.zeros(11025, np.int16), 22050, phonemes)
    phones = timed_phones(speech, 0.1, base_phone)
    assert [p.label for p in phones] == ["sil", "ɑ", "p", "b", "ɑ"]
    assert [round(p.start, 3) for p in phones] == [0.0, 0.1, 0.25, 0.4, 0.5]


def test_phones_keep_their_place_between_silences():
    tone = np.full(22050, 8000, np.int16)
    speech = Speech(tone, 22050, ((0, "ˈɔ̃"), (11025, ""), (11050, ""), (16537, "b"), (22050, "")))
    found = record(speech, np.random.default_rng(0), phoneme)
    assert [p.label for p in found.phones] == ["sil", "ɔ̃", "sil", "b", "sil"]
    first, last = found.phones[0], found.phones[-1]
    assert 0.1 <= first.duration <= 0.25
    assert last.start == pytest.approx(first.duration + 1.0)
    assert last.start + last.duration == pytest.approx(found.num_frames / 25)
    loud = np.flatnonzero(np.abs(found.audio) > 0.05) / 16000
    assert loud[0] == pytest.approx(first.duration, abs=0.002)
    assert loud[-1] == pytest.approx(last.start, abs=0.002)


def test_phonemes_differ_by_nasality_but_not_by_stress_or_length():
    assert [phoneme(n) for n in ("ˈɑː", "ɑ", "ˈɔ̃", "ɔ", "tʃ", "ə-", "")] == (
        ["ɑ", "ɑ", "ɔ̃", "ɔ", "tʃ", "ə", ""]
    )
