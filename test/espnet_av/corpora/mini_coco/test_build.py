"""Building mini_coco on disk and reading it back."""

import dataclasses
import hashlib
import shutil
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from espnet_av.config import save_yaml
from espnet_av.corpora.mini_coco import MiniCocoConfig, build, build_mini_coco, prepare_mini_coco
from espnet_av.corpora.mini_coco.config import Count
from espnet_av.corpora.mini_coco.regions import find_regions, region_features
from espnet_av.data.ark import read_array
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.media.audio import read_audio

CONFIG = MiniCocoConfig(
    scenes=Count(train=2, valid=1, test=1),
    sentences=Count(train=4, valid=2, test=6),
    train_voices=("m1", "f1"),
    seed=4,
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("mini_coco") / "corpus"
    build_mini_coco(CONFIG, root)
    return root


@pytest.fixture(scope="module")
def sets(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    prepare_mini_coco(corpus, out)
    return out


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_any_number_of_workers_makes_the_same_files(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_CHUNK", 9)
    build_mini_coco(CONFIG, tmp_path, num_workers=2)
    assert contents(tmp_path) == contents(corpus)


def test_a_built_corpus_is_left_alone(corpus, monkeypatch):
    monkeypatch.setattr(build, "write_script", lambda config: pytest.fail("built again"))
    build_mini_coco(CONFIG, corpus)


def test_another_configuration_is_refused(corpus):
    with pytest.raises(ConfigError, match=r"another configuration.*delete the folder"):
        build_mini_coco(dataclasses.replace(CONFIG, seed=12), corpus)


def test_features_come_from_the_pictures(corpus, sets):
    data = read_data_dir(sets / "caption_train_en")
    image = data.get("utt2image", data.utt_ids[0])
    picture = cv2.imread(str(corpus / f"images/train/{image}.png"))[..., ::-1]
    boxes = find_regions(picture)
    stored = read_array(data.locate("boxes.scp", image), image, num_axes=2)
    np.testing.assert_allclose(stored, boxes, atol=1e-3)
    features = read_array(data.locate("image.scp", image), image, num_axes=2)
    assert features.shape == (36, 256)
    expected = region_features(picture, boxes, 256)
    np.testing.assert_allclose(features, expected, atol=2e-3 * np.abs(expected).max())


def test_the_sets(sets):
    names = {path.name for path in sets.iterdir()}
    for language in ("en", "fr"):
        mine = {name for name in names if f"_{language}" in name}
        assert mine == {
            *(f"caption_{split}_{language}" for split in ("train", "valid", "test")),
            *(f"caption_{split}_{language}_shuffled" for split in ("train", "valid")),
            *(f"speech_train_{language}_{half}" for half in "ab"),
            *(f"speech_{split}_{language}" for split in ("valid", "test")),
        }
    assert len(read_data_dir(sets / "speech_train_fr_a").utt_ids) == 2
    captions = read_data_dir(sets / "caption_train_fr")
    assert len(captions.utt_ids) == 4
    assert set(captions.tables["image.scp"]) == {"scene-000000", "scene-000001"}
    assert "utt2image" not in read_data_dir(sets / "speech_test_en").tables


def test_shuffled_captions_belong_to_other_pictures(sets):
    plain, shuffled = (read_data_dir(sets / f"caption_train_en{s}") for s in ("", "_shuffled"))
    for utt_id in plain.utt_ids:
        assert plain.get("text", utt_id) == shuffled.get("text", utt_id)
        assert plain.get("utt2image", utt_id) != shuffled.get("utt2image", utt_id)


def test_phone_times_fit_the_sound(sets):
    """Silence is where they say, without gaps, and vowels are loud."""
    for name in ("caption_test_en", "caption_test_fr", "speech_test_en", "speech_test_fr"):
        data = read_data_dir(sets / name)
        for utt_id in data.utt_ids:
            wave = read_audio(data.locate("wav.scp", utt_id))
            phones = data.ctm[utt_id]
            assert len(wave) == int(data.get("utt2num_samples", utt_id))
            assert phones[0].start == 0
            assert phones[-1].start + phones[-1].duration == pytest.approx(
                len(wave) / 16000, abs=1e-3
            )
            for before, after in pairwise(phones):
                assert after.start == pytest.approx(before.start + before.duration, abs=1e-3)
            power = [
                np.square(
                    wave[round(p.start * 16000) : round((p.start + p.duration) * 16000)]
                ).mean()
                for p in phones
            ]
            vowels = [x for x, p in zip(power, phones, strict=True) if p.label[0] in "aeiouɑɛɪɔʌæ"]
            assert phones[0].label == phones[-1].label == "sil"
            assert power[0] < 0.01 * np.median(vowels)
            # Some voices ring on for a few hundredths of a second.
            tail = wave[round((phones[-1].start + 0.06) * 16000) :]
            assert np.square(tail).mean() < 0.01 * np.median(vowels)


def test_a_half_built_corpus_is_refused(corpus, tmp_path):
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy)
    (copy / "manifest.yaml").unlink()
    with pytest.raises(DataDirError, match=r"manifest.yaml: not there.*--config"):
        prepare_mini_coco(copy, tmp_path / "data")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: next(root.glob("fr/speech_test/*.flac")).unlink(), r"flac does not exist"),
        (lambda root: (root / "images.tsv").write_text("id\tx\n"), r"images.tsv:1: expected"),
        (
            lambda root: (root / "images.tsv").write_text("id\tpicture\tfeatures\tboxes\n"),
            r"tsv:2: .*scene-000000 is not in images.tsv",
        ),
    ],
)
def test_a_spoiled_corpus_is_refused(corpus, tmp_path, spoil, message):
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy)
    spoil(copy)
    with pytest.raises(DataDirError, match=message):
        prepare_mini_coco(copy, tmp_path / "data")


def test_the_configuration_may_be_a_file(tmp_path):
    small = dataclasses.replace(
        CONFIG,
        langs=("es",),
        scenes=Count(train=1, valid=0, test=0),
        sentences=Count(train=0, valid=0, test=1),
    )
    save_yaml(small, tmp_path / "corpus.yaml")
    found = prepare_mini_coco(tmp_path / "root", tmp_path / "data", config=tmp_path / "corpus.yaml")
    assert found == {"caption_train_es": 2, "caption_train_es_shuffled": 2, "speech_test_es": 1}
