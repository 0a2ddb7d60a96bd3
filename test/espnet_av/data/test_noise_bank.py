"""Mixing, babble, and the folder of noises."""

import numpy as np
import pytest
import soundfile
from media_samples import tone

from espnet_av.data.noise_bank import (
    Noise,
    NoiseBank,
    make_babble,
    mix,
    write_manifest,
    write_noise,
)
from espnet_av.errors import DataDirError, MediaError


def rms(x):
    return np.sqrt(np.mean(np.square(x, dtype=np.float64)))


def make_bank(path, names=("babble-a", "babble-b", "babble-c", "music-a")):
    noises = []
    for index, name in enumerate(names):
        wave = np.random.default_rng(index).uniform(-0.1, 0.1, 1600).astype(np.float32)
        digest, size = write_noise(path / f"{name}.flac", wave, 16000)
        category = name.split("-")[0]
        noises.append(Noise(name, category, "test", f"{name}.flac", 1600, digest, size))
    write_manifest(path, noises)
    return path


@pytest.mark.parametrize("snr_db", [-5, 0, 7.5, 20])
def test_ratio_is_of_the_levels_over_the_whole_clip(snr_db):
    rng = np.random.default_rng(0)
    speech, noise = 0.02 * rng.normal(size=5000), rng.normal(size=5000)
    speech[:2500] = 0
    added = mix(speech, noise, snr_db) - speech
    assert 20 * np.log10(rms(speech) / rms(added)) == pytest.approx(snr_db, abs=1e-3)


def test_short_noise_repeats_and_long_noise_is_cut_from_its_first_sample():
    speech, noise = np.full(10, 0.1), np.array([1.0, -1.0, 0.5])
    assert np.allclose(mix(speech, noise, 0), mix(speech, np.tile(noise, 4), 0))
    assert np.allclose(mix(speech, noise, 0), mix(speech, np.tile(noise, 4)[:10], 0))


def test_loud_mixture_is_scaled_as_a_whole():
    speech = np.full(100, 0.9)
    noise = np.where(np.arange(100) % 2, 1.0, -1.0)
    mixture = mix(speech, noise, 0)
    assert np.abs(mixture).max() == pytest.approx(1.0)
    assert np.allclose(mixture, (speech + 0.9 * noise) / 1.8)


def test_silence_on_either_side_changes_nothing():
    speech = tone(0.01)
    assert np.array_equal(mix(speech, np.zeros(50), 0), speech)
    assert not mix(np.zeros(160), speech, 0).any()


def test_mixture_is_float32():
    assert mix(np.ones(4), np.ones(4), 0).dtype == np.float32


def test_babble_is_the_mean_of_voices_repeated_to_length():
    voices = [np.array([0.3, 0.0]), np.array([0.1, 0.2, 0.3, 0.4])]
    assert np.allclose(make_babble(voices, 4), [0.2, 0.1, 0.3, 0.2])


def test_bank_reads_its_folder(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path), full=True)
    assert bank.categories == ["babble", "music"]
    assert [noise.noise_id for noise in bank.noises["babble"]] == [f"babble-{c}" for c in "abc"]
    wave = bank.read(bank.noises["music"][0])
    assert wave.dtype == np.float32
    assert len(wave) == 1600


def test_choice_for_an_utterance_is_fixed_and_spread(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path))
    chosen = [bank.choose(f"u-{i}", "babble", 0).noise_id for i in range(300)]
    # Pinned: scores of earlier runs depend on it.
    assert chosen[:4] == PINNED
    assert min(chosen.count(name) for name in set(chosen)) > 70
    assert chosen != [bank.choose(f"u-{i}", "babble", 1).noise_id for i in range(300)]
    wave = bank.for_utterance("u-0", "babble", 0)
    assert np.array_equal(wave, bank.read(bank.choose("u-0", "babble", 0)))


def test_sampling_follows_the_generator_and_the_categories(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path))
    first, again = (bank.sample(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    music = np.sort(bank.read(bank.noises["music"][0]))
    for seed in range(5):
        wave = bank.sample(np.random.default_rng(seed), ["music"])
        assert np.array_equal(np.sort(wave), music)


def test_samples_begin_at_random_places(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path, ["music-a"]))
    rng = np.random.default_rng(0)
    assert len({float(bank.sample(rng)[0]) for _ in range(20)}) > 10


def test_unknown_category_names_those_there_are(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path))
    with pytest.raises(DataDirError, match=r"no noise of category 'traffic'.*babble, music"):
        bank.sample(np.random.default_rng(0), ["traffic"])


def test_folder_without_manifest(tmp_path):
    with pytest.raises(DataDirError, match=r"noise\.tsv: missing.*bin\.noise"):
        NoiseBank.load(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"), [("", "lists no noise"), ("a\tb\n", r"noise\.tsv:2: expected noise_id")]
)
def test_broken_manifest(tmp_path, spoil, message):
    make_bank(tmp_path)
    header = (tmp_path / "noise.tsv").read_text().splitlines()[0]
    (tmp_path / "noise.tsv").write_text(f"{header}\n{spoil}")
    with pytest.raises(DataDirError, match=message):
        NoiseBank.load(tmp_path)


def test_missing_noise_is_found_at_once(tmp_path):
    (make_bank(tmp_path) / "music-a.flac").unlink()
    with pytest.raises(DataDirError, match=r"music-a\.flac: missing"):
        NoiseBank.load(tmp_path)


def test_changed_noise_is_found_by_size_or_digest(tmp_path):
    path = make_bank(tmp_path) / "music-a.flac"
    content = bytearray(path.read_bytes())
    content[-20] ^= 0xFF
    path.write_bytes(content)
    NoiseBank.load(tmp_path)
    with pytest.raises(DataDirError, match=r"music-a\.flac: not the file that noise\.tsv"):
        NoiseBank.load(tmp_path, full=True)
    path.write_bytes(content + b"x")
    with pytest.raises(DataDirError, match=r"music-a\.flac: not the file that noise\.tsv"):
        NoiseBank.load(tmp_path)


def test_unreadable_noise_is_named(tmp_path):
    bank = NoiseBank.load(make_bank(tmp_path))
    (tmp_path / "music-a.flac").write_bytes(b"no sound")
    with pytest.raises(MediaError, match=r"music-a\.flac: unreadable noise"):
        bank.sample(np.random.default_rng(0), ["music"])


def test_noise_files_are_16_bit(tmp_path):
    write_noise(tmp_path / "a.flac", np.array([1.5, -1.5, 0.25] * 10), 16000)
    wave, fs = soundfile.read(tmp_path / "a.flac", dtype="int16")
    assert fs == 16000
    assert wave[:3].tolist() == [32767, -32768, 8192]


PINNED = ["babble-a", "babble-a", "babble-a", "babble-c"]
