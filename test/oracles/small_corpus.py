"""A small corpus on disk: sound, mouth clips, transcripts and alignments of a few utterances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.data.noise_bank import Noise, NoiseBank, write_manifest, write_noise
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.table import write_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump

TEXTS = ["bin blue", "größer ça", "привет мир", "lay red now", "مرحبا"]


@dataclass(frozen=True)
class Corpus:
    """Where the data dir and the mouth clips are, and what is in them."""

    data_dir: Path
    roi_dir: Path
    waves: dict[str, np.ndarray]
    clips: dict[str, np.ndarray]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Seven utterances of 25 to 31 frames; `s1-3` has no clip and `s1-4` no sound."""
    generator = np.random.default_rng(0)
    root = tmp_path / "corpus"
    root.mkdir()
    waves, clips, tables = {}, {}, {"wav.scp": {}, "video.scp": {}, "text": {}, "utt2spk": {}}
    tables["utt2lang"] = {}
    for index in range(7):
        utt_id, frames = f"s{index // 5 + 1}-{index}", 25 + index
        tables["utt2spk"][utt_id] = f"s{index // 5 + 1}"
        tables["text"][utt_id] = TEXTS[index % 5]
        tables["utt2lang"][utt_id] = ("en", "ru")[index % 2]
        if index != 4:
            samples = frames * 640 + 100 * (index - 3)
            waves[utt_id] = generator.integers(-9000, 9000, samples).astype(np.int16)
            soundfile.write(root / f"{utt_id}.wav", waves[utt_id], 16000, subtype="PCM_16")
            tables["wav.scp"][utt_id] = str(root / f"{utt_id}.wav")
        if index != 3:
            clips[utt_id] = generator.integers(0, 256, (frames, 96, 96)).astype(np.uint8)
            tables["video.scp"][utt_id] = str(root / f"{utt_id}.mp4")
    ctm = {
        utt_id: [Segment(0.0, 0.5, "sil"), Segment(0.5, 0.3, "bin"), Segment(0.8, 0.1, "sil")]
        for utt_id in tables["utt2spk"]
    }
    write_data_dir(root / "data", tables, ctm)
    with ArkWriter(root / "roi" / "video.1.ark") as ark:
        pointers = {utt_id: ark.write_clip(utt_id, clips[utt_id], "raw") for utt_id in clips}
    write_table(root / "roi" / "video.scp", pointers)
    counts = {utt_id: str(len(clips[utt_id])) for utt_id in clips}
    write_table(root / "roi" / "utt2num_frames", counts)
    return Corpus(root / "data", root / "roi", waves, clips)


@pytest.fixture
def dump_dir(corpus: Corpus, tmp_path: Path) -> Path:
    """The corpus dumped; clips are stored exactly."""
    shards = plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
    write_shards(shards, 1, 1)
    finish_dump(shards)
    return tmp_path / "dump"


@pytest.fixture
def noise(tmp_path: Path) -> NoiseBank:
    """Two hums of different pitch."""
    noises = []
    for name, hertz in (("n1", 90), ("n2", 210)):
        wave = 0.1 * np.sin(np.arange(30000) * hertz / 16000 * 2 * np.pi)
        digest, size = write_noise(tmp_path / "noise" / f"{name}.flac", wave, 16000)
        noises.append(Noise(name, "hum", "train", f"{name}.flac", 30000, digest, size))
    write_manifest(tmp_path / "noise", noises)
    return NoiseBank.load(tmp_path / "noise")
