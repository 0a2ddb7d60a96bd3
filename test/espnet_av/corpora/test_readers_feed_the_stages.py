"""What the readers write goes through the roi and dump stages, pieces and lone tracks included."""

import pytest
from corpora_fixtures.clips import put, wav
from corpora_fixtures.lrs3 import VIDEOS, build_lrs3
from corpora_fixtures.muavic import build_muavic
from corpora_fixtures.recognition import build_librimix, build_speech_commands
from corpora_fixtures.translations import build_europarl_st

from espnet_av.bin import dump, roi
from espnet_av.corpora.europarl_st import prepare_europarl_st
from espnet_av.corpora.librimix import prepare_librimix
from espnet_av.corpora.lrs3 import prepare_lrs3
from espnet_av.corpora.muavic import prepare_muavic
from espnet_av.corpora.speech_commands import prepare_speech_commands
from espnet_av.data.combination import combine
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.film import read_film
from espnet_av.data.rttm import parse_turns
from espnet_av.data.target import target_texts

DUMP = "min_duration: 0.1s\nmax_duration: 20s\nrequire: any\n"


@pytest.fixture
def stages(tmp_path):
    """Runs both stages on a data dir and reads the dump."""

    def run(data_dir, tracker):
        roi_yaml = put(tmp_path / "roi.yaml", f"tracker: {tracker}\nmax_dropped_ratio: 0.0\n")
        dump_yaml = put(tmp_path / "dump.yaml", DUMP)
        for last in ([], ["--finish"]):
            roi.main(["--config", str(roi_yaml), *last, str(data_dir), str(tmp_path / "roi")])
        folders = [str(data_dir), str(tmp_path / "roi"), str(tmp_path / "dump")]
        for last in ([], ["--finish"]):
            dump.main(["--config", str(dump_yaml), *last, *folders])
        return read_data_dir(tmp_path / "dump")

    return run


def test_pieces_and_whole_clips_and_sound_alone(tmp_path, stages):
    root = build_lrs3(tmp_path / "LRS3", {"pretrain": 2, "trainval": 2})
    clip = root / "trainval" / VIDEOS[1] / "00001.mp4"
    put(clip.with_suffix(".wav"), wav())
    clip.unlink()
    valid = put(tmp_path / "valid.id", f"{VIDEOS[0]}/00001\n")
    counts = prepare_lrs3(
        root, tmp_path / "data", max_segment=10.0, valid_list=valid, max_missing_ratio=0.2
    )
    dumped = stages(tmp_path / "data" / "train", "fixed")
    assert len(dumped.utt_ids) == counts["train"]
    data = read_data_dir(tmp_path / "data" / "train")
    for utt_id in dumped.utt_ids:
        assert dumped.get("text", utt_id) == data.get("text", utt_id)
        start, end = data.recording(utt_id)[1:]
        seconds = 0.4 if end is None else end - start
        samples = dumped.get("utt2num_samples", utt_id)
        assert int(samples) == pytest.approx(16000 * seconds, abs=2000)
    silent = set(dumped.utt_ids) - set(dumped.tables["video.scp"])
    assert silent == {f"lrs3_{VIDEOS[1]}-trainval-00001"}


def test_landmarks_of_the_corpus_are_used(tmp_path, stages):
    root = build_muavic(tmp_path / "root", ["ar"])
    prepare_muavic(root, tmp_path / "data", languages=["ar"])
    dumped = stages(tmp_path / "data" / "test_ar", "precomputed")
    assert dumped.tables["utt2num_frames"] == dict.fromkeys(dumped.utt_ids, "10")


@pytest.fixture
def dumped_sound(tmp_path):
    """Dumps a data dir without mouth clips, which needs no roi stage, and reads it."""

    def run(data_dir):
        dump_yaml = put(tmp_path / "dump.yaml", DUMP)
        for last in ([], ["--finish"]):
            folders = [str(data_dir), "no_roi", str(tmp_path / "dump")]
            dump.main(["--config", str(dump_yaml), *last, *folders])
        return read_data_dir(tmp_path / "dump")

    return run


def test_full_frames_are_dumped_without_a_roi_stage(tmp_path, dumped_sound):
    root = build_lrs3(tmp_path / "LRS3", {"pretrain": 1})
    prepare_lrs3(root, tmp_path / "data", max_segment=10.0, frames="full")
    dumped = dumped_sound(tmp_path / "data" / "pretrain")
    data = read_data_dir(tmp_path / "data" / "pretrain")
    assert dumped.utt_ids == data.utt_ids
    for utt_id in dumped.utt_ids:
        start, end = data.recording(utt_id)[1:]
        film = read_film(dumped.locate("film.scp", utt_id), utt_id)
        assert film.seconds == pytest.approx(end - start, abs=0.1)
        assert (film.height, film.width) == (64, 64)


def test_a_speech_in_two_targets_is_stored_once(tmp_path, dumped_sound):
    prepare_europarl_st(build_europarl_st(tmp_path / "root"), tmp_path / "data", num_jobs=1)
    sets = [read_data_dir(tmp_path / f"data/test_en_{lang}") for lang in ("de", "fr")]
    write_data_dir(tmp_path / "both", *combine(sets))
    dumped = dumped_sound(tmp_path / "both")
    assert len(dumped.utt_ids) == 6 and len(set(dumped.tables["wav.scp"].values())) == 3
    texts = target_texts(dumped, None)
    assert [texts[utt_id] for utt_id in dumped.utt_ids[:2]] == ["Line 0 in de.", "Line 0 in fr."]
    counts = dumped.tables["utt2num_samples"]
    assert [round(int(counts[u]) / 16000, 2) for u in dumped.utt_ids[::2]] == [0.4, 0.4, 0.3]


def test_turns_reach_the_dump(tmp_path, dumped_sound):
    root = build_librimix(tmp_path / "mix")
    prepare_librimix(root / "Libri2Mix", root / "turns", tmp_path / "data", num_jobs=1)
    dumped = dumped_sound(tmp_path / "data" / "test")
    turns = [parse_turns(dumped.get("rttm", utt_id)) for utt_id in dumped.utt_ids]
    assert [[turn[:2] for turn in told] for told in turns] == [[(0.0, 0.3), (0.1, 0.3)]] * 2


def test_pieces_of_noise_and_whole_words(tmp_path, dumped_sound):
    prepare_speech_commands(build_speech_commands(tmp_path / "root"), tmp_path / "data", num_jobs=1)
    dumped = dumped_sound(tmp_path / "data" / "valid")
    labels, counts = dumped.tables["utt2label"], dumped.tables["utt2num_samples"]
    found = sorted((labels[u], int(counts[u]) / 16000) for u in dumped.utt_ids)
    assert found == [
        ("_silence_", 1.0),
        ("_silence_", 1.0),
        ("_unknown_", pytest.approx(0.4, abs=0.05)),
        ("yes", pytest.approx(0.4, abs=0.05)),
    ]
