from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import Batch, Sample, collate
from espnet_av.data.data_dir import Segment, read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.data.table import write_table
from espnet_av.data.tokenizer import Tokenizer, train_tokenizer, write_lines
from espnet_av.errors import ArkError, ConfigError, DataDirError, DroppedTooManyError

PLAIN = DatasetConfig(flip_prob=0.0, time_mask_frames=0)
ROUGH = DatasetConfig(
    speeds=(0.9, 1.0, 1.1), noise_prob=0.5, frame_labels=True, max_dropped_ratio=1.0
)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    train_tokenizer(["bin blue größer ça привет мир lay red now مرحبا"], tmp_path / "t", "char", 1)
    write_lines(tmp_path / "t" / "units.txt", ["bin", "sil"])
    return Tokenizer.load(tmp_path / "t")


class Keyed(torch.utils.data.Dataset):
    """Hands epoch and step to the dataset, as training does."""

    def __init__(self, dataset: AVDataset, epoch: int) -> None:
        self.dataset, self.epoch = dataset, epoch

    def __getitem__(self, index: int) -> Sample:
        return self.dataset.sample(index, self.epoch, 10)


def load(dataset: AVDataset, epoch: int, workers: int) -> list[Batch]:
    batches = [[0, 3], [5, 1, 2], [4], [6]]
    return list(
        DataLoader(
            Keyed(dataset, epoch), batch_sampler=batches, collate_fn=collate, num_workers=workers
        )
    )


def equal(first: Batch, second: Batch) -> bool:
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(first.as_dict().values(), second.as_dict().values(), strict=True)
    )


def test_test_samples_are_the_data_cropped_and_fitted(corpus, dump_dir: Path, tokenizer) -> None:
    dataset = AVDataset(dump_dir, tokenizer, ROUGH)
    assert len(dataset) == 7 and dataset.dropped == []
    for index, utt_id in enumerate(dataset.utt_ids):
        sample = dataset[index]
        frames = 25 + index
        assert sample.utt_id == utt_id and dataset.num_frames[index] in (frames, frames - 1)
        assert (sample.video is None) == (utt_id == "s1-3")
        assert (sample.speech is None) == (utt_id == "s1-4")
        if sample.video is not None:
            np.testing.assert_array_equal(sample.video, corpus.clips[utt_id][:, 4:92, 4:92])
        if sample.video is not None and sample.speech is not None:
            length = min(frames * 640, len(corpus.waves[utt_id]))
            assert sample.speech.shape == (frames * 640,)
            np.testing.assert_array_equal(
                sample.speech[:length] * 32768, corpus.waves[utt_id][:length]
            )
            assert not sample.speech[length:].any()
        assert sample.lang == ("en", "ru")[index % 2]
        assert tokenizer.decode(sample.text) == read_data_dir(dump_dir).get("text", utt_id)
        assert sample.units[:25].tolist() == [1] * 12 + [0] * 8 + [1] * 2 + [-1] * 3


def test_sound_alone_keeps_its_length(corpus, dump_dir: Path) -> None:
    dataset = AVDataset(dump_dir, None, PLAIN)
    index = dataset.utt_ids.index("s1-3")
    assert len(dataset[index].speech) == len(corpus.waves["s1-3"])
    assert dataset.num_frames[index] == len(corpus.waves["s1-3"]) // 640
    assert dataset[index].text is None and dataset[index].units is None


def test_samples_follow_from_seed_epoch_and_index(dump_dir: Path, tokenizer, noise) -> None:
    first, second = (AVDataset(dump_dir, tokenizer, ROUGH, noise, True, seed=3) for _ in range(2))
    second.sample(5, 1, 10)
    same, again = collate([first.sample(0, 2, 10)]), collate([second.sample(0, 2, 10)])
    assert equal(same, again)
    videos = [first.sample(0, epoch, 10).video for epoch in range(4)]
    assert len({video.tobytes() for video in videos}) == 4
    other = AVDataset(dump_dir, tokenizer, ROUGH, noise, True, seed=4)
    assert not np.array_equal(other.sample(0, 2, 10).video, first.sample(0, 2, 10).video)


def test_workers_change_nothing(dump_dir: Path, tokenizer, noise) -> None:
    dataset = AVDataset(dump_dir, tokenizer, ROUGH, noise, train=True)
    alone = load(dataset, 1, 0)
    assert all(equal(a, b) for a, b in zip(alone, load(dataset, 1, 2), strict=True))
    assert not all(equal(a, b) for a, b in zip(alone, load(dataset, 2, 0), strict=True))


def test_speed_moves_sound_video_and_labels_together(dump_dir: Path, tokenizer, noise) -> None:
    config = replace(ROUGH, noise_prob=0.0)
    dataset = AVDataset(dump_dir, tokenizer, config, train=True)
    seen = set()
    for epoch in range(12):
        for index in range(len(dataset)):
            sample = dataset.sample(index, epoch, 0)
            frames = len(sample.units)
            seen.add(round(frames / (25 + index), 1))
            assert frames <= dataset.num_frames[index]
            if sample.video is not None:
                assert len(sample.video) == frames and sample.video.shape[1:] == (88, 88)
                assert sample.speech is None or len(sample.speech) == frames * 640
            words = np.flatnonzero(sample.units == 0)
            assert abs(words[0] - frames * 12.5 / (25 + index)) <= 1
    assert seen == {0.9, 1.0, 1.1}


def test_flip_and_masks_only_as_often_as_asked(corpus, dump_dir: Path) -> None:
    crop = corpus.clips["s1-0"]

    def is_flipped(video: np.ndarray) -> bool:
        windows = np.lib.stride_tricks.sliding_window_view(crop[0], (88, 88))
        return not (windows == video[0]).all(axis=(2, 3)).any()

    for share, expected in ((0.0, 0), (1.0, 20)):
        dataset = AVDataset(dump_dir, None, replace(PLAIN, flip_prob=share), train=True)
        videos = [dataset.sample(0, epoch, 0).video for epoch in range(20)]
        assert sum(map(is_flipped, videos)) == expected


def test_noise_waits_for_its_step_and_comes_in_its_share(corpus, dump_dir: Path, noise) -> None:
    config = replace(PLAIN, noise_prob=0.5, noise_start_step=100)
    dataset = AVDataset(dump_dir, None, config, noise, train=True)
    clean = AVDataset(dump_dir, None, PLAIN)[0].speech

    def num_noisy(step: int) -> int:
        waves = [dataset.sample(0, epoch, step).speech for epoch in range(40)]
        return sum(not np.array_equal(wave, clean) for wave in waves)

    assert num_noisy(99) == 0 and 10 < num_noisy(100) < 30


def test_noise_is_of_the_categories_asked_for(dump_dir: Path, noise) -> None:
    config = replace(PLAIN, noise_prob=1.0, noise_categories=("hum",))
    clean = AVDataset(dump_dir, None, PLAIN)[0].speech
    noisy = AVDataset(dump_dir, None, config, noise, train=True)[0].speech
    assert not np.array_equal(noisy, clean)
    config = replace(config, noise_categories=("rain",))
    with pytest.raises(DataDirError, match="no noise of category 'rain'"):
        AVDataset(dump_dir, None, config, noise, train=True)[0]


def test_test_noise_is_always_the_same(dump_dir: Path, noise) -> None:
    condition = NoiseCondition("hum", 0.0)
    clean = AVDataset(dump_dir, None, PLAIN)[0].speech
    first = AVDataset(dump_dir, None, PLAIN, noise, condition=condition, seed=1)
    noisy = first[0].speech
    np.testing.assert_array_equal(noisy, AVDataset(
        dump_dir, None, PLAIN, noise, condition=condition, seed=1)[0].speech)  # fmt: skip
    added = noisy - clean
    ratio = 20 * np.log10(np.sqrt(np.mean(clean**2)) / np.sqrt(np.mean(added**2)))
    assert ratio == pytest.approx(0.0, abs=0.05)
    assert first[4].speech is None


@pytest.mark.parametrize(("modalities", "absent"), [("A", "video"), ("V", "speech")])
def test_one_modality_only(corpus, dump_dir: Path, modalities: str, absent: str) -> None:
    lacking = {"A": "s1-4", "V": "s1-3"}[modalities]
    config = replace(PLAIN, modalities=modalities, max_dropped_ratio=1.0)
    with pytest.raises(DataDirError, match=f"1 test utterances are missing, e.g. {lacking}; mode"):
        AVDataset(dump_dir, None, config)
    dataset = AVDataset(dump_dir, None, config, train=True)
    assert [drop.utt_id for drop in dataset.dropped] == [lacking] and len(dataset) == 6
    assert all(getattr(dataset[index], absent) is None for index in range(6))
    assert dataset[0].speech is None or dataset[0].speech.shape == (25 * 640,)
    replaced = AVDataset(dump_dir, None, PLAIN, train=True, modalities=modalities)  # type: ignore[arg-type]
    assert replaced.utt_ids == dataset.utt_ids


def retext(dump_dir: Path, text: dict[str, str] | None, ctm: dict | None = None) -> None:
    data = read_data_dir(dump_dir)
    tables = {name: rows for name, rows in data.tables.items() if name != "text"}
    if text is not None:
        tables["text"] = {**data.tables["text"], **text}
    write_data_dir(dump_dir, tables, data.ctm if ctm is None else ctm)


def test_text_longer_than_the_frames_is_left_out_of_training_only(
    dump_dir: Path, tokenizer, tmp_path: Path
) -> None:
    # 26 frames: "▁" and 25 letters fit, unless two equal ones need a blank between them.
    fits, repeats, longer = "nb" * 12 + "n", "nb" * 11 + "nnb", "nb" * 13
    retext(dump_dir, {"s1-1": fits})
    assert AVDataset(dump_dir, tokenizer, PLAIN, train=True).dropped == []
    for text in (repeats, longer):
        retext(dump_dir, {"s1-1": text})
        dataset = AVDataset(dump_dir, tokenizer, PLAIN, train=True)
        drop = dataset.dropped[0]
        assert drop == ("s1-1", "text too long", "27 > 26 frames")
        assert "s1-1" not in dataset.utt_ids and len(dataset) == 6
        assert len(AVDataset(dump_dir, tokenizer, PLAIN)) == 7
    assert (
        len(AVDataset(dump_dir, tokenizer, replace(PLAIN, drop_long_text=False), train=True)) == 7
    )
    with pytest.raises(DroppedTooManyError, match=r"1 of 7 utterances dropped .1 text too long"):
        dataset.report_dropped(tmp_path / "dropped.tsv")
    rows = (tmp_path / "dropped.tsv").read_text().splitlines()
    assert rows == ["utt_id\treason\tvalue", "s1-1\ttext too long\t27 > 26 frames"]


def test_faster_playing_leaves_fewer_frames_for_the_text(dump_dir: Path, tokenizer) -> None:
    retext(dump_dir, {"s1-1": "nb" * 12 + "n"})
    config = replace(PLAIN, speeds=(1.0, 1.1))
    assert AVDataset(dump_dir, tokenizer, config, train=True).dropped[0].utt_id == "s1-1"


def test_missing_files_are_named(dump_dir: Path, tokenizer, noise) -> None:
    with pytest.raises(ConfigError, match=r"noise_prob > 0 needs noises: pass --noise_dir"):
        AVDataset(dump_dir, tokenizer, ROUGH, train=True)
    with pytest.raises(ConfigError, match=r"condition .*hum.* needs noises"):
        AVDataset(dump_dir, tokenizer, PLAIN, condition=NoiseCondition("hum", 0.0))
    with pytest.raises(DataDirError, match="no noise of category 'rain'"):
        AVDataset(dump_dir, None, PLAIN, noise, condition=NoiseCondition("rain", 0.0))[0]
    no_units = Tokenizer(tokenizer.model, tokenizer.tokens)
    with pytest.raises(DataDirError, match=r"frame_labels needs a ctm in the dump and units\.txt"):
        AVDataset(dump_dir, no_units, ROUGH, noise, train=True)
    retext(dump_dir, None)
    with pytest.raises(DataDirError, match="text: no such file, but transcripts are needed"):
        AVDataset(dump_dir, tokenizer, PLAIN, train=True)
    assert AVDataset(dump_dir, tokenizer, PLAIN)[0].text is None


def test_labels_unknown_to_training_stop_it_but_not_a_test(dump_dir: Path, tokenizer) -> None:
    ctm = {"s1-0": [Segment(0.0, 0.2, "bin"), Segment(0.2, 0.2, "new")]}
    retext(dump_dir, {}, ctm)
    config = replace(PLAIN, frame_labels=True)
    with pytest.raises(DataDirError, match="s1-0: the label 'new'"):
        AVDataset(dump_dir, tokenizer, config, train=True)[0]
    units = AVDataset(dump_dir, tokenizer, config)[0].units
    assert units.tolist() == [0] * 5 + [-1] * 20


def test_entries_of_other_utterances_and_rates_are_named(dump_dir: Path, tmp_path: Path) -> None:
    data = read_data_dir(dump_dir)
    first, second, *_ = data.utt_ids
    pointers = {name: data.locate("wav.scp", name) for name in data.utt_ids}
    with ArkWriter(tmp_path / "slow.ark") as ark:
        slow = str(tmp_path / ark.write_audio(second, np.ones(9000, np.int16), 8000))
    write_table(dump_dir / "wav.scp", {**pointers, first: pointers[second], second: slow})
    dataset = AVDataset(dump_dir, None, PLAIN, modalities="A")
    with pytest.raises(ArkError, match=f"is the entry of {second}, not of {first}"):
        dataset[dataset.utt_ids.index(first)]
    with pytest.raises(ArkError, match=f"{second}: sound of 8000 Hz, dumps have 16000 Hz"):
        dataset[dataset.utt_ids.index(second)]


def test_broken_dumps_are_named(dump_dir: Path) -> None:
    (dump_dir / "video.000001.ark").unlink()
    with pytest.raises(ArkError, match=r"video\.000001\.ark:\d+: no such archive"):
        AVDataset(dump_dir, None, PLAIN)[0]
    (dump_dir / "utt2num_samples").unlink()
    with pytest.raises(DataDirError, match="s1-3: neither in utt2num_frames nor in utt2num_samp"):
        AVDataset(dump_dir, None, PLAIN).num_frames  # noqa: B018


@pytest.fixture
def translated(dump_dir: Path) -> Path:
    """The dump with translations into German of all but its third utterance."""
    data = read_data_dir(dump_dir)
    rows = {u: f"lay {u[-1]}" for u in data.utt_ids if u != data.utt_ids[2]}
    write_data_dir(dump_dir, {**data.tables, "text.de": rows}, data.ctm)
    return dump_dir


@pytest.mark.parametrize("train", [True, False])
def test_translations_as_target(translated: Path, tmp_path: Path, train: bool) -> None:
    train_tokenizer(["lay 0123456"], tmp_path / "d", "char", 1)
    tokenizer = Tokenizer.load(tmp_path / "d")
    config = replace(PLAIN, target_lang="de", max_dropped_ratio=0.2)
    dataset = AVDataset(translated, tokenizer, config, train=train)
    left_out = read_data_dir(translated).utt_ids[2]
    assert [drop[:2] for drop in dataset.dropped] == [(left_out, "not in text.de")]
    assert left_out not in dataset.utt_ids and len(dataset) == 6
    for index, utt_id in enumerate(dataset.utt_ids):
        assert tokenizer.decode(dataset[index].text) == f"lay {utt_id[-1]}"
    # A test reads no text, and leaves nothing out.
    assert len(AVDataset(translated, None, config)) == 7
    missing = replace(config, target_lang="fr")
    with pytest.raises(DataDirError, match=r"text\.fr: .*\(there are: text, text\.de\)"):
        AVDataset(translated, tokenizer, missing, train=train)


def test_some_languages_only(dump_dir: Path, tokenizer) -> None:
    config = replace(PLAIN, langs=("ru",))
    dataset = AVDataset(dump_dir, tokenizer, config, train=True)
    assert [dataset[i].lang for i in range(len(dataset))] == ["ru"] * 3
    assert dataset.groups("lang") == ["ru"] * 3 and dataset.total == 3
    with pytest.raises(DataDirError, match="no utterance in 'de'; languages there: en, ru"):
        AVDataset(dump_dir, tokenizer, replace(PLAIN, langs=("ru", "de")), train=True)
    with pytest.raises(DataDirError, match="utt2category: no such file, but sampling by category"):
        dataset.groups("category")


def test_tags_name_the_language_of_the_text(translated: Path, tmp_path: Path) -> None:
    texts = ["bin blue größer ça привет мир lay red now مرحبا 0123456"]
    tokenizer = train_tokenizer(texts, tmp_path / "t", "char", 1, ["en", "ru", "de"])
    spoken = AVDataset(translated, tokenizer, PLAIN)
    for sample in map(spoken.__getitem__, range(7)):
        assert tokenizer.tokens[sample.text[0]] == f"<{sample.lang}>"
        assert tokenizer.decode(sample.text) == read_data_dir(translated).get("text", sample.utt_id)
    written = AVDataset(translated, tokenizer, replace(PLAIN, target_lang="de"))
    assert tokenizer.tokens[written[0].text[0]] == "<de>"


def test_numbers_beyond_the_last_are_the_same_utterances_augmented_otherwise(
    dump_dir: Path, tokenizer, noise
) -> None:
    dataset = AVDataset(dump_dir, tokenizer, ROUGH, noise, train=True)
    first, again = dataset.sample(1, 0, 10), dataset.sample(1 + len(dataset), 0, 10)
    assert first.utt_id == again.utt_id
    assert not np.array_equal(first.video[:20], again.video[:20])


class Units:
    """50 Hz labels that count; s1-2 has none, s2-6 too many."""

    rate_hz = 50

    def __init__(self, data) -> None:
        self.data = data

    def __contains__(self, utt_id: str) -> bool:
        return utt_id != "s1-2"

    def labels(self, utt_id: str) -> np.ndarray:
        frames = self.data.get("utt2num_frames", utt_id)
        samples = self.data.get("utt2num_samples", utt_id)
        count = 2 * (int(frames) if frames else int(samples) // 640) - 1
        return np.arange(count + 5 * (utt_id == "s2-6"), dtype=np.int32)


@pytest.mark.parametrize("frame_hz", [25, 50])
def test_unit_labels_at_the_rate_of_the_model(dump_dir: Path, frame_hz: int) -> None:
    units = Units(read_data_dir(dump_dir))
    config = replace(PLAIN, max_dropped_ratio=1.0)
    dataset = AVDataset(dump_dir, None, config, train=True, units=units, frame_hz=frame_hz)
    assert [drop[:2] for drop in dataset.dropped] == [("s1-2", "no unit labels")]
    for index, frames in enumerate(dataset.num_frames[:-1]):
        found = dataset[index].units
        step = 50 // frame_hz
        expected = np.arange(0, 2 * frames, step)
        # The features of 50 Hz labels end one frame early.
        assert found.tolist() == [n if n < 2 * frames - 1 else -1 for n in expected]
    with pytest.raises(DataDirError, match=r"s2-6: 66 unit labels at 50 Hz for 31 frames"):
        dataset[len(dataset) - 1]
    with pytest.raises(ConfigError, match="frame_labels and --units_dir both give labels"):
        AVDataset(dump_dir, None, replace(ROUGH, noise_prob=0), train=True, units=units)


def test_long_utterances_are_cut_alike_in_sound_lips_and_labels(corpus, dump_dir: Path) -> None:
    config = replace(PLAIN, max_frames=10, flip_prob=0.0)
    units = Units(read_data_dir(dump_dir))
    dataset = AVDataset(dump_dir, None, config, train=True, units=units, frame_hz=50, cut_long=True)
    assert dataset.num_frames == [10] * 6
    starts = set()
    for epoch in range(20):
        sample = dataset.sample(0, epoch, 0)
        start = int(sample.units[0]) // 2
        starts.add(start)
        assert sample.units[:19].tolist() == list(range(2 * start, 2 * start + 19))
        wave = corpus.waves["s1-0"][640 * start : 640 * (start + 10)]
        assert len(sample.speech) == 6400 and len(sample.video) == 10
        np.testing.assert_array_equal(sample.speech[: len(wave)] * 32768, wave)
        clip = corpus.clips["s1-0"][start : start + 10]
        windows = np.lib.stride_tricks.sliding_window_view(clip[0], (88, 88))
        assert (windows == sample.video[0]).all(axis=(2, 3)).any()
    assert len(starts) > 8 and max(starts) <= 15
    # In validation the middle; the sound alone of another one is cut, too.
    valid = AVDataset(dump_dir, None, config, units=units, cut_long=True)
    assert valid[0].units[0] == 2 * 7
    waves = [valid[i].speech for i in range(5)]
    assert {len(wave) for wave in waves if wave is not None} == {6400}
    whole = AVDataset(dump_dir, None, config)
    assert len(whole[0].video) == 25 and whole.num_frames[0] == 25


def test_text_is_not_cut(dump_dir: Path, tokenizer) -> None:
    config = replace(PLAIN, max_frames=10)
    with pytest.raises(ConfigError, match="max_frames cuts utterances, whose text would not fit"):
        AVDataset(dump_dir, tokenizer, config, train=True, cut_long=True)


def test_a_share_of_the_utterances_is_spread(dump_dir: Path) -> None:
    config = replace(PLAIN, num_utts=3)
    assert AVDataset(dump_dir, None, config, train=True).utt_ids == ["s1-0", "s1-2", "s1-4"]
    assert len(AVDataset(dump_dir, None, config)) == 7


def test_recorded_lengths_do_not_depend_on_augmentation(dump_dir: Path) -> None:
    recorded = AVDataset(dump_dir, None, PLAIN, train=False).num_frames
    dataset = AVDataset(dump_dir, None, replace(PLAIN, speeds=(0.5, 1.0, 1.1)), train=True)
    assert dataset.recorded_frames == recorded
    assert dataset.num_frames == [2 * count for count in recorded]
