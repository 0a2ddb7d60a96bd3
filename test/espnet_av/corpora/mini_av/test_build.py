"""Building mini_av on disk and reading it back."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from espnet_av.config import save_yaml
from espnet_av.corpora.mini_av import MiniAvConfig, build, build_mini_av, prepare_mini_av
from espnet_av.corpora.mini_av.tales import TALES
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.media.audio import read_audio
from espnet_av.media.video import read_video

CONFIG = MiniAvConfig(
    langs=("en", "de"), num_train=2, num_valid=1, num_test=1, num_test_unseen=0, seed=11
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("mini_av")
    build_mini_av(CONFIG, root)
    return root


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_layout(corpus):
    names = set(contents(corpus))
    assert {"manifest.yaml", "config.yaml", "en/train.tsv", "en/train.ctm", "de/test.tsv"} <= names
    assert "de/video/train/de_f1/000000.mp4" in names
    assert sum(name.endswith(".mp4") for name in names) == 8
    header, first = (corpus / "en/train.tsv").read_text(encoding="utf-8").splitlines()[:2]
    assert header.startswith("id\tvideo\tspeaker\tnum_frames\tnum_samples\ttext\ttext.ar")
    assert len(first.split("\t")) == len(header.split("\t"))


def test_any_number_of_workers_makes_the_same_files(corpus, tmp_path):
    build_mini_av(CONFIG, tmp_path, num_workers=2)
    assert contents(tmp_path) == contents(corpus)


def test_a_built_corpus_is_left_alone(corpus, monkeypatch):
    monkeypatch.setattr(build, "write_script", lambda config: pytest.fail("built again"))
    build_mini_av(CONFIG, corpus)


def test_another_configuration_is_refused(corpus):
    with pytest.raises(ConfigError, match=r"another configuration.*delete the folder"):
        build_mini_av(dataclasses.replace(CONFIG, seed=12), corpus)


def test_an_interrupted_build_goes_on(corpus, tmp_path, monkeypatch):
    written = []

    def fail_at_third(path, frames, **options):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        original(path, frames, **options)

    original = build.write_video
    monkeypatch.setattr(build, "write_video", fail_at_third)
    with pytest.raises(OSError, match="No space left"):
        build_mini_av(CONFIG, tmp_path)
    with pytest.raises(DataDirError, match=r"manifest.yaml: not there"):
        prepare_mini_av(tmp_path, tmp_path / "data")
    times = [path.stat().st_mtime_ns for path in written]
    monkeypatch.setattr(build, "write_video", original)
    build_mini_av(CONFIG, tmp_path)
    assert [path.stat().st_mtime_ns for path in written] == times
    assert contents(tmp_path) == contents(corpus)


def test_data_dirs(corpus, tmp_path):
    assert prepare_mini_av(corpus, tmp_path) == {"train": 4, "valid": 2, "test": 2}
    data = read_data_dir(tmp_path / "train")
    assert data.utt_ids[0] == "de_f1-000000"
    assert data.get("text", "de_f1-000000") == data.get("text.de", "de_f1-000000")
    assert data.get("text.en", "de_f1-000000") == data.get("text", "en_m1-000000")
    assert data.get("utt2lang", "de_f1-000000") == "de"
    assert data.get("utt2spk", "de_f1-000000") == "de_f1"
    for utt_id in data.utt_ids:
        phones = data.ctm[utt_id]
        end = int(data.get("utt2num_frames", utt_id)) / 25
        assert phones[-1].start + phones[-1].duration == pytest.approx(end, abs=1e-3)


@pytest.mark.parametrize(
    ("frames", "tables"),
    [("mouth", {"video.scp"}), ("full", {"film.scp"}), ("both", {"video.scp", "film.scp"})],
)
def test_full_frames_beside_or_in_place_of_mouths(corpus, tmp_path, frames, tables):
    prepare_mini_av(corpus, tmp_path, frames=frames)
    data = read_data_dir(tmp_path / "train")
    assert {"video.scp", "film.scp"} & data.tables.keys() == tables
    for table in tables:
        assert data.tables[table] == data.tables["wav.scp"]


def test_prepare_builds_when_given_a_configuration(corpus, tmp_path):
    config = tmp_path / "corpus.yaml"
    save_yaml(CONFIG, config)
    sizes = prepare_mini_av(tmp_path / "made", tmp_path / "data", config=config)
    assert sizes == {"train": 4, "valid": 2, "test": 2}
    assert contents(tmp_path / "made") == contents(corpus)


def test_media_match_the_counts(corpus, tmp_path):
    prepare_mini_av(corpus, tmp_path)
    data = read_data_dir(tmp_path / "test")
    utt_id = data.utt_ids[0]
    frames = read_video(data.get("video.scp", utt_id))
    assert frames.shape == (int(data.get("utt2num_frames", utt_id)), 224, 224, 3)
    samples = len(read_audio(data.get("wav.scp", utt_id)))
    assert abs(samples - int(data.get("utt2num_samples", utt_id))) <= 1024


def test_missing_clip_and_broken_table_are_named(tmp_path):
    build_mini_av(dataclasses.replace(CONFIG, langs=("en",)), tmp_path)
    table = tmp_path / "en" / "train.tsv"
    clip = next((tmp_path / "en" / "video" / "train").rglob("*.mp4"))
    clip.rename(clip.with_suffix(".away"))
    with pytest.raises(DataDirError, match=r"train.tsv:\d: en_.*does not exist"):
        prepare_mini_av(tmp_path, tmp_path / "data")
    clip.with_suffix(".away").rename(clip)
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([*rows[:2], "en_m1-000009\tbroken"]), encoding="utf-8")
    with pytest.raises(DataDirError, match=r"train.tsv:3: 15 fields expected"):
        prepare_mini_av(tmp_path, tmp_path / "data")
    table.write_text("id\n", encoding="utf-8")
    with pytest.raises(DataDirError, match=r"train.tsv:1: expected the columns"):
        prepare_mini_av(tmp_path, tmp_path / "data")


def test_tales_without_faces(tmp_path):
    sizes = {"num_train": 1, "num_valid": 0, "num_test": 1, "num_test_unseen": 0, "num_texts": 3}
    config = MiniAvConfig(
        grammar="tales", langs=("tr", "id"), own_sentences=True, pictures=False, **sizes
    )
    build_mini_av(config, tmp_path / "corpus")
    parallel = (tmp_path / "corpus/parallel.tsv").read_text(encoding="utf-8").splitlines()
    assert "\t".join(sorted(TALES.lexicons)) == parallel[0] and len(parallel) == 4
    assert prepare_mini_av(tmp_path / "corpus", tmp_path / "data") == {"train": 2, "test": 2}
    data = read_data_dir(tmp_path / "data/train")
    assert (
        "video.scp" not in data.tables and "text.en" in data.tables and "text.el" not in data.tables
    )
    for utt_id, path in data.tables["wav.scp"].items():
        assert len(read_audio(Path(path))) == int(data.tables["utt2num_samples"][utt_id])
    assert len(set(data.tables["text.en"].values())) == 2
    assert len(set(read_data_dir(tmp_path / "data/test").tables["text.en"].values())) == 1
