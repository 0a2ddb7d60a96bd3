"""mini_av as SUPERB's corpora: labels, phones, and mixtures with their turns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from espnet_av.config import save_yaml
from espnet_av.corpora.mini_av.config import MiniAvConfig
from espnet_av.corpora.mini_av.superb import prepare_mini_superb
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.rttm import parse_turns
from espnet_av.errors import ConfigError
from espnet_av.media.audio import read_audio

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("superb")
    config = MiniAvConfig(
        num_train=6, num_valid=2, num_test=0, num_test_unseen=0, speakers=("m1", "f1")
    )
    save_yaml(config, root / "config.yaml")
    sizes = prepare_mini_superb(root / "corpus", root / "data", config=root / "config.yaml")
    assert sizes == {"train": 6, "train_mix": 3, "valid": 2, "valid_mix": 2}
    return root


def test_labels_and_phones(corpus: Path) -> None:
    data = read_data_dir(corpus / "data/train")
    assert not {"video.scp", "text.en", "utt2num_frames"} & data.tables.keys()
    for utt_id, label in data.tables["utt2label"].items():
        command, colour, digit = label.split("|")
        assert command in ("bin", "lay", "place", "set") and colour in "blue green red white"
        assert digit in DIGITS
        phones = [segment.label for segment in data.ctm[utt_id] if segment.label != "sil"]
        assert data.tables["text"][utt_id].split() == phones


def test_mixtures_are_of_two_speakers_who_overlap(corpus: Path) -> None:
    data = read_data_dir(corpus / "data/train_mix")
    for utt_id in data.utt_ids:
        turns = parse_turns(data.tables["rttm"][utt_id])
        assert {turn.label for turn in turns} == {"en_m1", "en_f1"}
        wave = read_audio(data.tables["wav.scp"][utt_id])
        last = max(turn.start + turn.duration for turn in turns)
        assert last <= len(wave) / 16000 and np.abs(wave).max() <= 0.901
        ends = {label: [t for t in turns if t.label == label] for label in ("en_m1", "en_f1")}
        starts = [min(t.start for t in found) for found in ends.values()]
        stops = [max(t.start + t.duration for t in found) for found in ends.values()]
        assert min(stops) > max(starts), "they overlap"
        talking = np.zeros(len(wave), bool)
        for turn in turns:
            talking[int(16000 * turn.start) : int(16000 * (turn.start + turn.duration))] = True
        assert np.square(wave[talking]).mean() > 100 * np.square(wave[~talking]).mean()


def test_the_same_again(corpus: Path, tmp_path: Path) -> None:
    first = {p.name: p.read_bytes() for p in (corpus / "corpus/mixtures").rglob("*.wav")}
    prepare_mini_superb(corpus / "corpus", tmp_path / "again")
    again = {p.name: p.read_bytes() for p in (corpus / "corpus/mixtures").rglob("*.wav")}
    assert first == again and first
    prepare_mini_superb(corpus / "corpus", tmp_path / "other", seed=7)
    rows = [
        read_data_dir(d / "train_mix").tables["rttm"]
        for d in (tmp_path / "again", tmp_path / "other")
    ]
    assert dict(rows[0]) != dict(rows[1])
    names = {soundfile.info(p).samplerate for p in (corpus / "corpus/mixtures").rglob("*.wav")}
    assert names == {16000}


def test_one_speaker_alone_cannot_be_mixed(tmp_path: Path) -> None:
    config = MiniAvConfig(num_train=1, num_valid=0, num_test=0, num_test_unseen=0, speakers=("m1",))
    save_yaml(config, tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match="one speaker alone cannot be mixed"):
        prepare_mini_superb(tmp_path / "corpus", tmp_path / "data", config=tmp_path / "config.yaml")
