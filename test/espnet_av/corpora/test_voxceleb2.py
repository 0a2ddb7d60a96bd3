"""VoxCeleb2 as it lies on disk becomes data dirs without text."""

import pickle

import pytest
from corpora_fixtures.clips import coverage, mp4, packed_sound, put, report
from corpora_fixtures.faces_and_voices import VOX_CLIPS, build_voxceleb2
from media_samples import face_points

from espnet_av.corpora.voxceleb2 import prepare_voxceleb2
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError


@pytest.fixture
def corpus(tmp_path):
    return build_voxceleb2(tmp_path / "vox")


def test_a_whole_copy(corpus, tmp_path):
    assert prepare_voxceleb2(corpus, tmp_path / "data") == {"dev": 3, "test": 1}
    dev = read_data_dir(tmp_path / "data" / "dev")
    assert dev.utt_ids == ["id00012-21Uxsk56VDQ-00001", "id00012-21Uxsk56VDQ-00002",
                           "id00015--0bYIZk-00001"]  # fmt: skip
    assert dev.get("utt2spk", "id00012-21Uxsk56VDQ-00002") == "id00012"
    assert set(dev.tables) == {"video.scp", "wav.scp", "utt2spk"}
    assert coverage(tmp_path / "data")["all", "all"]["published_hours"] == "2442"


@pytest.mark.parametrize("form", ["{}", "dev/{}", "dev/mp4/{}.mp4"])
def test_the_english_ones(corpus, tmp_path, form):
    names = [VOX_CLIPS["dev"][0], "id00099/gone/00007"]
    put(tmp_path / "en.id", "\n".join(map(form.format, names)) + "\n")
    counts = prepare_voxceleb2(
        corpus, tmp_path / "data", english_list=tmp_path / "en.id", max_missing_ratio=0.5
    )
    assert counts == {"dev": 1}
    dev = read_data_dir(tmp_path / "data" / "dev")
    assert set(dev.tables["utt2lang"].values()) == {"en"}
    faults = report(tmp_path / "data")
    assert ("id00099-gone-00007", "missing", "dropped") in faults
    assert sum(reason == "unlisted" for _, reason, _ in faults) == 3
    assert coverage(tmp_path / "data")["all", "all"]["published_clips"] == "628418"


def test_a_list_of_dev_alone_holds_a_speaker_out(corpus, tmp_path):
    put(tmp_path / "en.id", "\n".join(VOX_CLIPS["dev"]) + "\n")
    prepare_voxceleb2(corpus, tmp_path / "data")
    counts = prepare_voxceleb2(corpus, tmp_path / "data", english_list=tmp_path / "en.id")
    heard, held_out = (
        set(read_data_dir(tmp_path / "data" / name).tables["utt2spk"].values())
        for name in ("dev", "test")
    )
    assert sum(counts.values()) == 3
    assert len(held_out) == 1 and heard | held_out == {"id00012", "id00015"}
    assert not heard & held_out


def test_a_list_of_another_corpus(corpus, tmp_path):
    put(tmp_path / "en.id", "trainval/x/00001\n")
    with pytest.raises(DataDirError, match="names none of the 4 clips"):
        prepare_voxceleb2(corpus, tmp_path / "data", english_list=tmp_path / "en.id")


def test_sound_apart(tmp_path):
    root = build_voxceleb2(tmp_path / "vox")
    place = VOX_CLIPS["test"][0]
    put(root / "test" / "mp4" / f"{place}.mp4", mp4(sound=False))
    sound = put(root / "test" / "aac" / f"{place}.m4a", packed_sound("mp4", "aac"))
    prepare_voxceleb2(root, tmp_path / "data")
    test = read_data_dir(tmp_path / "data" / "test")
    assert list(test.tables["wav.scp"].values()) == [str(sound)]
    assert report(tmp_path / "data") == []


def test_sound_only(tmp_path):
    root = tmp_path / "vox"
    apart = put(root / "dev/aac/id00012/x/00001.m4a", packed_sound("mp4", "aac"))
    inside = put(root / "test/mp4/id00017/y/00001.mp4", mp4())
    lost = put(root / "test/txt/id00017/y/00002.txt", "Identity : \tid00017\n")
    options = {"landmarks_dir": tmp_path / "marks", "max_missing_ratio": 0.4}
    prepare_voxceleb2(root, tmp_path / "data", sound_only=True, **options)
    for name, sound in (("dev", apart), ("test", inside)):
        data = read_data_dir(tmp_path / "data" / name)
        assert set(data.tables) == {"wav.scp", "utt2spk"}
        assert list(data.tables["wav.scp"].values()) == [str(sound)]
    assert report(tmp_path / "data") == [(f"id00017-y-{lost.stem}", "missing", "dropped")]
    assert coverage(tmp_path / "data")["dev", "-"]["found"] == "1"
    # With pictures the same copy lacks most of them.
    with pytest.raises(DroppedTooManyError, match="missing_video 1"):
        prepare_voxceleb2(root, tmp_path / "whole", max_missing_ratio=0.4)


def test_full_frames_of_sound_alone(corpus, tmp_path):
    with pytest.raises(ConfigError, match="sound_only leaves no picture for frames: full"):
        prepare_voxceleb2(corpus, tmp_path / "data", sound_only=True, frames="full")


def test_landmarks_that_others_found(corpus, tmp_path):
    place = VOX_CLIPS["dev"][0]
    points = put(tmp_path / "marks" / "dev" / f"{place}.pkl", pickle.dumps(face_points(10)))
    prepare_voxceleb2(corpus, tmp_path / "data", landmarks_dir=tmp_path / "marks")
    dev = read_data_dir(tmp_path / "data" / "dev")
    assert dev.tables["landmarks.scp"] == {place.replace("/", "-"): str(points)}
    assert {reason for _, reason, _ in report(tmp_path / "data")} == {"no_landmarks"}


def test_folder_without_voxceleb2(tmp_path):
    with pytest.raises(DataDirError, match=r"no VoxCeleb2 clip found; .*VOXCELEB2= in db\.sh"):
        prepare_voxceleb2(tmp_path, tmp_path / "data")


@pytest.mark.parametrize(
    ("frames", "tables"),
    [("full", {"film.scp", "wav.scp"}), ("both", {"film.scp", "video.scp", "wav.scp"})],
)
def test_full_frames(corpus, tmp_path, frames, tables):
    place = put(corpus / "dev/mp4/id00012/mute/00001.mp4", mp4(sound=False))
    counts = prepare_voxceleb2(corpus, tmp_path / "data", frames=frames, max_missing_ratio=0.3)
    assert counts["dev"] == (3 if frames == "full" else 4)
    dev = read_data_dir(tmp_path / "data" / "dev")
    assert set(dev.tables) == {*tables, "utt2spk"}
    known = "id00012-21Uxsk56VDQ-00001"
    assert dev.tables["film.scp"][known] == str(corpus / f"dev/mp4/{VOX_CLIPS['dev'][0]}.mp4")
    action = "dropped" if frames == "full" else "kept, picture alone"
    assert report(tmp_path / "data") == [(f"id00012-mute-{place.stem}", "no_sound", action)]
