"""Babble of a recipe's own voices, and cuts of a noise corpus."""

import dataclasses

import numpy as np
import pytest
import soundfile
from media_samples import tone

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.noise_bank import NoiseBank
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.noise.babble import draw_voices, read_speech, split_voices
from espnet_av.noise.build import build_noise
from espnet_av.noise.config import NoiseConfig

SMALL = NoiseConfig(
    num_babble={"train": 3, "valid": 1, "test": 2}, num_voices=4, babble_duration=0.5
)


def speech_dir(path, num_speakers, num_utterances):
    """A data dir in an archive; every utterance is a tone of its own pitch, 0.2 s long."""
    tables = {"wav.scp": {}, "utt2spk": {}}
    path.mkdir(parents=True, exist_ok=True)
    with ArkWriter(path / "audio.ark") as ark:
        for i in range(num_utterances):
            utt_id = f"s{i % num_speakers:02d}-{i:03d}"
            tables["wav.scp"][utt_id] = ark.write_audio(utt_id, tone(0.2, hz=300 + 100 * i), 16000)
            tables["utt2spk"][utt_id] = utt_id.split("-")[0]
    return write_data_dir(path, tables)


def manifests(path):
    return [(path / split / "noise.tsv").read_text() for split in ("train", "valid", "test")]


def pitches(wave):
    """Numbers of the utterances heard, by their tone (300 + 100 i Hz)."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    hz = np.fft.rfftfreq(len(wave), 1 / 16000)
    return {i for i in range(70) if spectrum[np.abs(hz - 300 - 100 * i) < 8].max() > 20}


def test_babble_is_made_of_its_split_s_voices(tmp_path):
    speech = speech_dir(tmp_path / "data", 2, 20)
    made = build_noise(speech, tmp_path / "noise", SMALL)
    assert {split: len(noises) for split, noises in made.items()} == SMALL.num_babble
    pools = split_voices(speech, SMALL)
    for split in ("train", "valid", "test"):
        allowed = {int(utt_id.split("-")[1]) for utt_id in pools[split]}
        bank = NoiseBank.load(tmp_path / "noise" / split, full=True)
        for noise in bank.noises["babble"]:
            wave = bank.read(noise)
            assert len(wave) == 8000
            heard = pitches(wave)
            assert len(heard) >= 4
            assert heard <= allowed


def test_no_voice_is_in_two_splits(tmp_path):
    pools = split_voices(speech_dir(tmp_path, 2, 60), SMALL)
    assert sorted(map(len, pools.values())) == [6, 6, 48]
    assert len(set().union(*pools.values())) == 60


def test_whole_speakers_are_divided_where_there_are_enough(tmp_path):
    speech = speech_dir(tmp_path, 15, 60)
    pools = split_voices(speech, SMALL)
    speakers = [{utt_id.split("-")[0] for utt_id in pool} for pool in pools.values()]
    assert sorted(map(len, speakers)) == [4, 4, 7]
    assert len(set().union(*speakers)) == 15


def test_voices_of_different_speakers(tmp_path):
    speech = speech_dir(tmp_path / "data", 15, 60)
    build_noise(speech, tmp_path / "noise", SMALL)
    bank = NoiseBank.load(tmp_path / "noise" / "test")
    for noise in bank.noises["babble"]:
        assert len({number % 15 for number in pitches(bank.read(noise))}) == 4


LANGS = ("ar", "de", "en")
PER_LANG = NoiseConfig(
    num_babble={"train": 4, "test": 3}, num_voices=8, min_voices_per_lang=2, babble_duration=0.1
)


def multilingual(path, num_utterances, first=0):
    """One speaker an utterance; most are English, and the first ones are not."""
    speech = speech_dir(path, num_utterances, num_utterances)
    names = {u: f"s{first + i:02d}-{u}" for i, u in enumerate(speech.utt_ids)}
    langs = {u: LANGS[min(i // 6, 2)] for i, u in enumerate(speech.utt_ids)}
    tables = {table: {names[u]: v for u, v in rows.items()} for table, rows in
              {**speech.tables, "utt2lang": langs}.items()}  # fmt: skip
    tables["utt2spk"] = {u: f"p{u}" for u in tables["utt2spk"]}
    return write_data_dir(path, tables)


def test_every_babble_has_voices_of_every_language(tmp_path):
    speech = multilingual(tmp_path, 40)
    pools = split_voices(speech, PER_LANG)
    assert set(pools) == {"train", "test"}
    assert not set(pools["train"]) & set(pools["test"])
    rests = set()
    for split, seed in ((split, seed) for split in pools for seed in range(6)):
        voices = draw_voices(speech, pools[split], PER_LANG, np.random.default_rng(seed))
        langs = [speech.tables["utt2lang"][voice[0]] for voice in voices]
        counts = {lang: langs.count(lang) for lang in LANGS}
        assert len(voices) == 8 and sorted(counts.values()) == [2, 3, 3]
        rests.add(min(counts, key=counts.get))
    assert len(rests) > 1, "no language has fewer voices every time"


def test_babble_of_tests_from_test_sets(tmp_path):
    speech = multilingual(tmp_path / "train", 40)
    tests = [multilingual(tmp_path / name, 20, first) for name, first in (("a", 40), ("b", 60))]
    made = build_noise(speech, tmp_path / "noise", PER_LANG, test_speech=tests)
    assert {split: len(noises) for split, noises in made.items()} == {"train": 4, "test": 3}
    # All voices of train may then train.
    assert len(split_voices(speech, PER_LANG, ["train", "valid"])["train"]) == 40
    again = build_noise(speech, tmp_path / "again", PER_LANG)
    digests = [{noise.sha256 for noise in noises["test"]} for noises in (made, again)]
    assert not digests[0] & digests[1]
    with pytest.raises(DataDirError, match=r"40 speakers are in the test sets too, e\.g\. ps00"):
        build_noise(speech, tmp_path / "noise", PER_LANG, test_speech=[speech])


def test_languages_that_cannot_babble_are_named(tmp_path):
    speech = multilingual(tmp_path, 40)
    with pytest.raises(DataDirError, match=r"6 utterances with sound in 'ar'; babble of 4 voices"):
        split_voices(speech, dataclasses.replace(PER_LANG, min_voices_per_lang=4))
    few = dataclasses.replace(PER_LANG, num_voices=5)
    with pytest.raises(DataDirError, match="3 languages x min_voices_per_lang 2 are more than"):
        draw_voices(speech, speech.utt_ids, few, np.random.default_rng(0))
    with pytest.raises(ValueError, match="min_voices_per_lang is 9; it is 0 to num_voices"):
        dataclasses.replace(PER_LANG, min_voices_per_lang=9)
    with pytest.raises(DataDirError, match="utt2lang: no such file; set min_voices_per_lang"):
        split_voices(speech_dir(tmp_path / "none", 2, 20), PER_LANG)


def test_the_same_every_time_and_different_by_seed(tmp_path):
    speech = speech_dir(tmp_path / "data", 2, 20)
    build_noise(speech, tmp_path / "a", SMALL)
    build_noise(speech, tmp_path / "b", SMALL)
    other = NoiseConfig(num_babble=SMALL.num_babble, num_voices=4, babble_duration=0.5, seed=1)
    build_noise(speech, tmp_path / "c", other)
    assert manifests(tmp_path / "a") == manifests(tmp_path / "b")
    assert manifests(tmp_path / "a") != manifests(tmp_path / "c")


def test_too_few_utterances_for_babble(tmp_path):
    with pytest.raises(DataDirError, match=r"11 utterances.*4 voices in 3 splits needs 12.*lower"):
        build_noise(speech_dir(tmp_path, 1, 11), tmp_path / "noise", SMALL)


def test_media_files_and_segments_give_voices_too(tmp_path):
    soundfile.write(tmp_path / "rec.wav", tone(2.0), 16000)
    tables = {
        "wav.scp": {"rec": str(tmp_path / "rec.wav")},
        "utt2spk": {"a-1": "a"},
        "segments": {"a-1": "rec 0.5 1.25"},
    }
    write_data_dir(tmp_path / "data", tables)
    wave = read_speech(read_data_dir(tmp_path / "data"), "a-1", 16000)
    assert len(wave) == 12000


def test_noise_corpus_is_cut_and_divided(tmp_path):
    musan = tmp_path / "musan"
    for number in range(40):
        for category in ("music", "noise"):
            path = musan / category / "part" / f"{category}-{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(0.25, 8000, 200 + number), 8000)
    (musan / "music" / "part" / "music-0.wav").write_bytes(b"broken")
    config = NoiseConfig(num_babble={}, cut_duration=0.1, min_cut_duration=0.06)
    speech = speech_dir(tmp_path / "data", 1, 1)
    made = build_noise(speech, tmp_path / "noise", config, musan)
    # 0.25 s: two whole pieces, and a rest of 0.05 s that is too short.
    assert sum(map(len, made.values())) == 2 * (80 - 1)
    sources = {
        split: {noise.noise_id.rsplit("-", 1)[0] for noise in noises}
        for split, noises in made.items()
    }
    assert not sources["train"] & (sources["valid"] | sources["test"])
    assert not sources["valid"] & sources["test"]
    assert len(sources["train"]) > 50
    bank = NoiseBank.load(tmp_path / "noise" / "train", full=True)
    assert bank.categories == ["music", "noise"]
    assert {noise.num_samples for noise in bank.noises["music"]} == {1600}


def test_folder_that_is_no_noise_corpus(tmp_path):
    speech = speech_dir(tmp_path / "data", 1, 1)
    with pytest.raises(ConfigError, match=r"no sound file in music, noise, speech"):
        build_noise(speech, tmp_path / "noise", NoiseConfig(num_babble={}), tmp_path)
    with pytest.raises(ConfigError, match="nothing to make"):
        build_noise(speech, tmp_path / "noise", NoiseConfig(num_babble={}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_babble": {"dev": 3}},
        {"num_babble": {"train": -1}},
        {"num_voices": 0},
        {"babble_duration": 0.0},
        {"cut_duration": 1.0},
    ],
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NoiseConfig(**wrong)
