"""MuAViC as its tool leaves it becomes data dirs, and every fault of a copy is named."""

import shutil

import pytest
from corpora_fixtures.clips import coverage, mp4, put, report, wav
from corpora_fixtures.muavic import TALKS, WORDS, add_translations, build_muavic
from media_samples import cut_file

from espnet_av.corpora.muavic import prepare_muavic
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError
from espnet_av.roi.landmarks import load_landmarks

TRAIN_TALK, TEST_TALK = TALKS["train"][0], TALKS["test"][0]
SPEAKER = f"de_{TRAIN_TALK}"


@pytest.fixture
def corpus(tmp_path):
    root = build_muavic(tmp_path / "root", ("en", "de", "es", "it"))
    add_translations(root, ["es", "it"], ["es", "it"])
    return root


def test_all_nine_languages(tmp_path):
    root = build_muavic(tmp_path / "root", side=96)
    counts = prepare_muavic(root, tmp_path / "data")
    assert counts == {"train": 54, "valid": 36} | {f"test_{lang}": 4 for lang in WORDS}
    train = read_data_dir(tmp_path / "data" / "train")
    assert set(train.tables["utt2lang"].values()) == set(WORDS)
    assert (
        read_data_dir(tmp_path / "data" / "test_ar").get("text", "ar_talk9-0001")
        == f"{WORDS['ar']} 3"
    )
    # Pictures of 96 pixels are mouth crops: points of the original would not fit them.
    assert "landmarks.scp" not in train.tables
    assert coverage(tmp_path / "data")["train", "pt"]["published_hours"] == "153"


def test_a_clip_and_its_landmarks(corpus, tmp_path):
    prepare_muavic(corpus, tmp_path / "data", languages=["de"])
    assert report(tmp_path / "data") == []
    test = read_data_dir(tmp_path / "data" / "test_de")
    utt_id, name = f"de_{TEST_TALK}-0001", f"{TEST_TALK}_0001"
    assert test.get("utt2spk", utt_id) == f"de_{TEST_TALK}"
    assert test.get("video.scp", utt_id).endswith(f"de/video/test/{TEST_TALK}/{name}.mp4")
    assert test.get("wav.scp", utt_id).endswith(f"de/audio/test/{TEST_TALK}/{name}.wav")
    path, _, key = test.get("landmarks.scp", utt_id).rpartition(":")
    assert len(load_landmarks(path, key)) == 10


def test_every_fault_is_named(corpus, tmp_path):
    base = corpus / "muavic" / "de"
    videos, sounds = base / "video" / "train" / TRAIN_TALK, base / "audio" / "train" / TRAIN_TALK
    first = f"{TRAIN_TALK}_000"
    (videos / f"{first}0.mp4").unlink()
    cut_file(videos / f"{first}1.mp4", videos / "cut", 0.5).replace(videos / f"{first}1.mp4")
    (sounds / f"{first}2.wav").unlink()
    put(videos / f"{first}2.mp4", mp4(fps=30))
    put(videos / f"{first}9.mp4", mp4())
    (base / "video" / "train" / "talk7" / "talk7_0000.mp4").unlink()
    (base / "audio" / "train" / "talk7" / "talk7_0000.wav").unlink()
    (corpus / "metadata" / "de" / "test" / "talk9.pkl").unlink()
    edit(base / "train.tsv", 1, "\t10\t", "\t-1\t")
    edit(base / "train.tsv", 6, "\t10\t", "\t-1\t")
    edit(base / "train.de", 4, f"{WORDS['de']} 4", " ")
    prepare_muavic(corpus, tmp_path / "data", languages=["de"], max_missing_ratio=0.5)
    assert sorted(report(tmp_path / "data")) == sorted([
        (f"{SPEAKER}-0000", "missing_video", "kept, sound alone"),
        (f"{SPEAKER}-0001", "unreadable_video", "kept, sound alone"),
        (f"{SPEAKER}-0002", "missing_audio", "kept, the video's own sound"),
        (f"{SPEAKER}-0002", "odd_frame_rate", "kept, read at 25 frames/s"),
        (f"de_{first}9", "unlisted", "left out"),
        ("de_talk7-0000", "missing", "dropped"),
        ("de_talk7-0001", "no_text", "dropped"),
        ("de_talk7-0002", "no_frames", "kept, the video is there"),
        ("de_talk9-0000", "no_landmarks", "kept without landmarks"),
        ("de_talk9-0001", "no_landmarks", "kept without landmarks"),
    ])  # fmt: skip
    details = (tmp_path / "data" / "prepare_report.tsv").read_text()
    assert "train.tsv:2, -1 frames" in details
    row = coverage(tmp_path / "data")["train", "de"]
    assert (row["expected"], row["found"], row["incomplete"]) == ("6", "2", "2")
    assert (row["missing"], row["unreadable"], row["unusable"]) == ("1", "0", "1")
    train = read_data_dir(tmp_path / "data" / "train")
    assert train.get("video.scp", f"{SPEAKER}-0001") is None
    assert train.get("wav.scp", f"{SPEAKER}-0002").endswith("0002.mp4")


def edit(path, number, old, new):
    lines = path.read_text(encoding="utf-8").split("\n")
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    path.write_text("\n".join(lines), encoding="utf-8")


def test_translations_into_english(corpus, tmp_path):
    counts = prepare_muavic(corpus, tmp_path / "d", translate="to_en", languages=["es", "it"])
    assert counts == {"train": 10, "valid": 6, "test_es_en": 3, "test_it_en": 3}
    test = read_data_dir(tmp_path / "d" / "test_it_en")
    assert test.get("text.en", "it_talk9-0000") == f"{WORDS['en']} 2"
    assert test.get("text", "it_talk9-0000") == f"{WORDS['it']} 2"
    assert test.get("utt2lang", "it_talk9-0000") == "it"
    assert coverage(tmp_path / "d")["train", "es"]["published_hours"] == "178"


def test_translations_into_english_that_share_the_list(corpus, tmp_path):
    """As for the test sets: `en/test.en` fits `test.tsv` itself."""
    folder = corpus / "muavic" / "it" / "en"
    (folder / "test_avst.tsv").unlink()
    (folder / "test_avst.en").unlink()
    put(folder / "test.en", "\n".join("abcd") + "\n")
    prepare_muavic(corpus, tmp_path / "data", translate="to_en", languages=["it"])
    test = read_data_dir(tmp_path / "data" / "test_it_en")
    assert list(test.tables["text.en"].values()) == list("abcd")


def test_translations_from_english(corpus, tmp_path):
    counts = prepare_muavic(corpus, tmp_path / "d", translate="from_en", languages=["es", "it"])
    # The clips are the same for both targets.
    assert counts == {"train": 5, "valid": 3, "test_en_es": 3, "test_en_it": 3}
    assert report(tmp_path / "d") == []
    train = read_data_dir(tmp_path / "d" / "train")
    utt_id = "en_talk7-0000"
    assert train.get("text.es", utt_id) == f"{WORDS['es']} 3"
    assert train.get("text.it", utt_id) == f"{WORDS['it']} 3"
    assert train.get("text", utt_id) == f"{WORDS['en']} 3"
    assert "text.es" not in read_data_dir(tmp_path / "d" / "test_en_it").tables


def test_translation_without_transcript(corpus, tmp_path):
    (corpus / "muavic" / "it" / "test.it").unlink()
    prepare_muavic(corpus, tmp_path / "data", translate="to_en", languages=["it"])
    assert "text" not in read_data_dir(tmp_path / "data" / "test_it_en").tables
    assert ("it_talk9-0000", "no_transcript", "kept with its translation") in report(
        tmp_path / "data"
    )


def test_a_copy_that_was_moved(corpus, tmp_path):
    moved = shutil.move(corpus, tmp_path / "elsewhere")
    prepare_muavic(moved, tmp_path / "data", languages=["it"])
    assert report(tmp_path / "data") == []
    # The folder of the languages itself will do.
    prepare_muavic(f"{moved}/muavic", tmp_path / "again", languages=["it"])
    assert {reason for _, reason, _ in report(tmp_path / "again")} == {"no_landmarks"}


def test_a_row_without_paths(corpus, tmp_path):
    tsv = corpus / "muavic" / "it" / "test.tsv"
    lines = tsv.read_text().splitlines()
    lines[1] = f"{TEST_TALK}_0000\t\t\t-1\t-1"
    tsv.write_text("\n".join(lines) + "\n")
    prepare_muavic(corpus, tmp_path / "data", languages=["it"])
    assert report(tmp_path / "data") == [
        (f"it_{TEST_TALK}-0000", "no_frames", "kept, the video is there")
    ]


def test_a_clip_listed_twice(corpus, tmp_path):
    base = corpus / "muavic" / "it"
    edit(base / "test.tsv", 2, "_0001", "_0000")
    prepare_muavic(corpus, tmp_path / "data", languages=["it"], max_missing_ratio=0.1)
    assert (f"it_{TEST_TALK}-0000", "duplicate_id", "dropped") in report(tmp_path / "data")


def test_lists_that_do_not_fit(corpus, tmp_path):
    text = corpus / "muavic" / "it" / "valid.it"
    text.write_text("one\ntwo\n")
    with pytest.raises(DataDirError, match=r"valid\.it: 2 lines for 4 rows of .*valid\.tsv"):
        prepare_muavic(corpus, tmp_path / "data", languages=["it"])
    text.write_bytes(b"\xff\n")
    with pytest.raises(DataDirError, match=r"valid\.it:1: byte 0xff is not UTF-8"):
        prepare_muavic(corpus, tmp_path / "data", languages=["it"])
    put(corpus / "muavic" / "it" / "valid.tsv", "/\na\tb\tc\nd\n")
    put(text, "one\ntwo\n")
    with pytest.raises(DataDirError, match=r"valid\.tsv:2: 3 columns, expected id, video"):
        prepare_muavic(corpus, tmp_path / "data", languages=["it"])


def test_languages_that_are_not_there(corpus, tmp_path):
    with pytest.raises(ConfigError, match="languages: unknown key 'gr'"):
        prepare_muavic(corpus, tmp_path / "data", languages=["gr"])
    with pytest.raises(ConfigError, match="unknown key 'de'"):
        prepare_muavic(corpus, tmp_path / "data", languages=["de"], translate="to_en")
    with pytest.raises(DataDirError, match=r"ar/train\.tsv: no such file"):
        prepare_muavic(corpus, tmp_path / "data", languages=["ar"])


def test_too_many_videos_gone(corpus, tmp_path):
    shutil.rmtree(corpus / "muavic" / "it" / "video")
    with pytest.raises(DroppedTooManyError, match=r"14 of 14 clips dropped or incomplete"):
        prepare_muavic(corpus, tmp_path / "data", languages=["it"])
    prepare_muavic(corpus, tmp_path / "data", languages=["it"], max_missing_ratio=1.0)
    assert "video.scp" not in read_data_dir(tmp_path / "data" / "train").tables


def test_sound_that_was_not_extracted(corpus, tmp_path):
    shutil.rmtree(corpus / "muavic" / "it" / "audio")
    put(corpus / "muavic" / "it" / "audio" / "test" / TEST_TALK / f"{TEST_TALK}_0000.wav", wav())
    prepare_muavic(corpus, tmp_path / "data", languages=["it"])
    test = read_data_dir(tmp_path / "data" / "test_it")
    assert test.get("wav.scp", f"it_{TEST_TALK}-0000").endswith(".wav")
    assert test.get("wav.scp", f"it_{TEST_TALK}-0001").endswith(".mp4")
