"""LRS3 as it lies on disk becomes data dirs, and every fault of a copy is named."""

import itertools
import pickle

import pytest
from corpora_fixtures.clips import coverage, mp4, put, report, wav
from corpora_fixtures.lrs3 import LONG_SEC, VIDEOS, build_lrs3, clip_text
from media_samples import cut_file, face_points

from espnet_av.corpora.lrs3 import prepare_lrs3
from espnet_av.corpora.lrs3_text import read_clip_text
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError
from espnet_av.roi.landmarks import load_landmarks

FIRST = f"lrs3_{VIDEOS[0]}"
SECOND = f"lrs3_{VIDEOS[1]}"


@pytest.fixture
def corpus(tmp_path):
    return build_lrs3(tmp_path / "LRS3")


def test_the_sets_of_a_whole_copy(corpus, tmp_path):
    counts = prepare_lrs3(corpus, tmp_path / "data")
    assert {name: counts[name] for name in ("train_30h", "valid", "test")} == {
        "train_30h": 22, "valid": 2, "test": 4,
    }  # fmt: skip
    assert counts["train"] == counts["pretrain"] + counts["train_30h"]
    assert report(tmp_path / "data") == []
    test = read_data_dir(tmp_path / "data" / "test")
    assert test.get("text", f"{FIRST}-test-00002") == "it's a great idea"
    assert test.get("utt2spk", f"{FIRST}-test-00002") == FIRST
    assert test.get("utt2lang", f"{FIRST}-test-00002") == "en"
    clip = str(corpus / "test" / VIDEOS[0] / "00002.mp4")
    assert test.get("video.scp", f"{FIRST}-test-00002") == clip
    assert test.get("wav.scp", f"{FIRST}-test-00002") == clip
    rows = coverage(tmp_path / "data")
    assert rows["test", "en"]["found"] == "4"
    assert rows["pretrain", "en"]["published_clips"] == "118516"
    assert rows["pretrain", "en"]["hours"] == f"{2 * (LONG_SEC + 0.4) / 3600:.2f}"
    assert rows["all", "all"]["published_hours"] == "438.9"


def test_long_clips_of_pretrain_are_cut_between_words(corpus, tmp_path):
    prepare_lrs3(corpus, tmp_path / "data", max_segment=10.0)
    train = read_data_dir(tmp_path / "data" / "train")
    recording = f"{FIRST}-pretrain-00001"
    pieces = [u for u in train.utt_ids if train.recording(u)[0] == recording]
    assert pieces == [f"{recording}-{n:02d}" for n in range(len(pieces))]
    spans = [train.recording(utt_id)[1:] for utt_id in pieces]
    assert all(0 < end - start <= 10.0 for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    said = " ".join(train.get("text", utt_id) for utt_id in pieces)
    written = read_clip_text(corpus / "pretrain" / VIDEOS[0] / "00001.txt").text
    assert said == written.lower()
    assert train.get("video.scp", recording).endswith("00001.mp4")
    # The short clip beside it is whole.
    assert train.recording(f"{FIRST}-pretrain-00002") == (f"{FIRST}-pretrain-00002", 0.0, None)


def test_case_is_kept_on_demand(corpus, tmp_path):
    prepare_lrs3(corpus, tmp_path / "data", lowercase=False)
    test = read_data_dir(tmp_path / "data" / "test")
    assert test.get("text", f"{FIRST}-test-00001") == "THANK YOU SO MUCH"
    pretrain = read_data_dir(tmp_path / "data" / "pretrain")
    assert pretrain.get("text", f"{FIRST}-pretrain-00001-00").startswith("THANK YOU")


def test_validation_does_not_depend_on_other_clips(corpus, tmp_path):
    prepare_lrs3(corpus, tmp_path / "all")
    valid = read_data_dir(tmp_path / "all" / "valid").utt_ids
    gone = next(f for f in sorted((corpus / "trainval").rglob("*.mp4")) if _id(f) not in valid)
    gone.unlink()
    prepare_lrs3(corpus, tmp_path / "fewer", max_missing_ratio=0.2)
    assert read_data_dir(tmp_path / "fewer" / "valid").utt_ids == valid


def _id(path):
    return f"lrs3_{path.parent.name}-{path.parent.parent.name}-{path.stem}"


@pytest.mark.parametrize("form", ["trainval/{}/{}", "{}/{}", "{}/{}.mp4", "lrs3_{}-trainval-{}"])
def test_validation_from_a_list(corpus, tmp_path, form):
    put(tmp_path / "valid.id", "\n".join(form.format(video, "00003") for video in VIDEOS))
    prepare_lrs3(corpus, tmp_path / "data", valid_list=tmp_path / "valid.id")
    valid = read_data_dir(tmp_path / "data" / "valid").utt_ids
    assert valid == sorted(f"lrs3_{video}-trainval-00003" for video in VIDEOS)


def test_every_fault_is_named(corpus, tmp_path):
    folder = corpus / "trainval" / VIDEOS[0]
    (folder / "00001.mp4").unlink()
    (folder / "00002.txt").unlink()
    cut_file(folder / "00003.mp4", folder / "cut", 0.5).replace(folder / "00003.mp4")
    put(folder / "00004.mp4", mp4(0.4, fps=29.97))
    put(folder / "00005.txt", "Conf:  3\n")
    put(folder / "00006.txt", clip_text("{NS}"))
    put(folder / "00007.mp4", mp4(sound=False))
    put(folder / "00008.txt", b"Text:  CAF\xe9\n")
    put(folder / "00009.wav", wav())
    (folder / "00009.mp4").unlink()
    put(folder / "00010.mp4", b"")
    put(folder / "._00011.mp4", b"twin")
    long = corpus / "pretrain" / VIDEOS[0] / "00001.txt"
    put(long, clip_text("A LONG TALK"))
    late = [("A", 0.1, 0.5), ("LATE", LONG_SEC + 2, LONG_SEC + 3)]
    put(corpus / "pretrain" / VIDEOS[1] / "00001.txt", clip_text("A LATE WORD", late))
    put(tmp_path / "valid.id", f"{VIDEOS[1]}/00001\n{VIDEOS[1]}/99999\n")
    prepare_lrs3(corpus, tmp_path / "data", valid_list=tmp_path / "valid.id", max_missing_ratio=0.5)
    one = f"{FIRST}-trainval-"
    assert sorted(report(tmp_path / "data")) == sorted([
        (f"{one}00001", "missing", "dropped"),
        (f"{one}00002", "no_text", "dropped"),
        (f"{one}00003", "unreadable", "dropped"),
        (f"{one}00004", "odd_frame_rate", "kept, read at 25 frames/s"),
        (f"{one}00005", "bad_text", "dropped"),
        (f"{one}00006", "empty_text", "dropped"),
        (f"{one}00007", "no_sound", "kept, picture alone"),
        (f"{one}00008", "bad_text", "dropped"),
        (f"{one}00009", "missing_video", "kept, sound alone"),
        (f"{one}00010", "unreadable", "dropped"),
        (f"{VIDEOS[1]}/99999", "missing", "dropped"),
        (f"{FIRST}-pretrain-00001", "long_without_times", "kept whole"),
        (f"{SECOND}-pretrain-00001", "text_mismatch", "kept with the words that have times"),
        (f"{SECOND}-pretrain-00001", "impossible_word_time", "kept without the word"),
    ])  # fmt: skip
    row = coverage(tmp_path / "data")["trainval", "en"]
    counts = {key: int(row[key]) for key in ("expected", "found", "incomplete", "missing")}
    assert counts == {"expected": 25, "found": 15, "incomplete": 2, "missing": 2}
    assert (row["unreadable"], row["unusable"]) == ("2", "4")
    train = read_data_dir(tmp_path / "data" / "train_30h")
    assert train.get("video.scp", f"{one}00009") is None
    assert train.get("wav.scp", f"{one}00009").endswith("00009.wav")
    assert train.get("wav.scp", f"{one}00007") is None


def test_extracted_sound_is_preferred_and_may_lie_apart(corpus, tmp_path):
    beside = put(corpus / "test" / VIDEOS[0] / "00001.wav", wav())
    apart = put(corpus / "audio" / "test" / VIDEOS[0] / "00002.wav", wav())
    broken = put(corpus / "audio" / "test" / VIDEOS[1] / "00001.wav", b"RIFF")
    prepare_lrs3(corpus, tmp_path / "data")
    test = read_data_dir(tmp_path / "data" / "test")
    assert test.get("wav.scp", f"{FIRST}-test-00001") == str(beside)
    assert test.get("wav.scp", f"{FIRST}-test-00002") == str(apart)
    assert test.get("wav.scp", f"{SECOND}-test-00001") == test.get(
        "video.scp", f"{SECOND}-test-00001"
    )
    assert report(tmp_path / "data") == [
        (f"{SECOND}-test-00001", "unreadable_audio", "kept, the video's own sound")
    ]
    assert broken.is_file()


def test_landmarks_that_others_found(corpus, tmp_path):
    for video in VIDEOS:
        marks = pickle.dumps(face_points(10))
        put(tmp_path / "marks" / "test" / video / "00001.pkl", marks)
    prepare_lrs3(corpus, tmp_path / "data", landmarks_dir=tmp_path / "marks")
    test = read_data_dir(tmp_path / "data" / "test")
    path = test.get("landmarks.scp", f"{FIRST}-test-00001")
    assert len(load_landmarks(path)) == 10
    faults = report(tmp_path / "data")
    assert (f"{FIRST}-test-00002", "no_landmarks", "kept without landmarks") in faults
    # Clips of 64 pixels need none.
    assert len(faults) == 2 + 24 + 2


def test_too_much_missing_names_the_first_and_the_cure(corpus, tmp_path):
    for path in (corpus / "test").rglob("*.mp4"):
        path.unlink()
    with pytest.raises(DroppedTooManyError) as caught:
        prepare_lrs3(corpus, tmp_path / "data")
    message = str(caught.value)
    assert "4 of 32 clips dropped (missing 4), more than max_missing_ratio 5.0%" in message
    assert f"{FIRST}-test-00001 ({corpus}/test/{VIDEOS[0]}/00001.mp4: no such file)" in message
    assert "--max_missing_ratio 0.13" in message
    assert not (tmp_path / "data" / "train").exists()
    assert coverage(tmp_path / "data")["test", "en"]["missing"] == "4"


def test_folder_without_lrs3(tmp_path):
    with pytest.raises(DataDirError, match=r"no LRS3 clip found; .* set LRS3= in db\.sh"):
        prepare_lrs3(tmp_path, tmp_path / "data")


def test_copy_of_trainval_alone(tmp_path):
    root = build_lrs3(tmp_path / "LRS3", {"trainval": 10})
    assert prepare_lrs3(root, tmp_path / "data") == {"train_30h": 18, "valid": 2, "train": 18}
    assert coverage(tmp_path / "data")["pretrain", "en"]["expected"] == "0"


def test_full_frames_of_pieces_and_whole_clips(corpus, tmp_path):
    counts = prepare_lrs3(corpus, tmp_path / "data", max_segment=10.0, frames="full")
    train = read_data_dir(tmp_path / "data" / "train")
    assert counts["train"] == len(train.utt_ids)
    assert "video.scp" not in train.tables
    assert train.tables["film.scp"] == train.tables["wav.scp"]
    assert {train.recording(u)[0] for u in train.utt_ids} == set(train.tables["film.scp"])
