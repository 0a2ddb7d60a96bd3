"""The data of ML-COCO on small corpora in their true layouts: sets, images, and their features."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from corpora_fixtures.__main__ import make_mlcoco

from espnet_av.bin import images
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.table import read_table

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mlcoco/vgs1"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_local_data_writes_the_sets_of_both_languages(tmp_path: Path) -> None:
    variables = make_mlcoco(tmp_path / "corpora")
    recipe = tmp_path / "egs2/mlcoco/vgs1"
    recipe.mkdir(parents=True)
    for name in ("path.sh", "db.sh"):
        shutil.copy(ROOT / "egs2/TEMPLATE/av1" / name, recipe)
    (recipe / "utils").symlink_to(ROOT / "utils")
    (tmp_path / "espnet_av").symlink_to(ROOT / "espnet_av")
    environment = {**os.environ, **{k: str(v) for k, v in variables.items()}}
    ran = subprocess.run(
        ["bash", str(RECIPE / "local/data.sh"), "--hours", "null", "--nj", "2"],
        cwd=recipe,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "VIRTUAL_ENV": sys.prefix},
    )
    assert ran.returncode == 0, ran.stderr
    data = {path.name: read_data_dir(path) for path in (recipe / "data").iterdir()
            if (path / "utt2spk").is_file()}  # fmt: skip
    counts = {name: len(found.utt_ids) for name, found in data.items()}
    assert counts == {
        "speech_train_en_a": 3, "speech_train_en_b": 2, "speech_valid_en": 1,
        "speech_train_fr_a": 4, "speech_train_fr_b": 4, "speech_valid_fr": 2,
        "speech_valid_bi": 3, "speech_test_en": 4, "speech_test_fr": 4, "speech_test_bi": 8,
        "caption_train_en": 12, "caption_train_fr": 12, "caption_valid_en": 4,
        "caption_valid_fr": 4, "caption_valid_bi": 8, "caption_test_en": 4, "caption_test_fr": 4,
        "caption_test_bi": 8,
    }  # fmt: skip
    both = data["caption_test_bi"]
    assert len(set(both.tables["utt2image"].values())) == 2
    assert (recipe / "data/speech_test_fr/items").read_text().startswith("#file onset offset")

    sets = [str(recipe / "data" / name) for name in ("caption_train_en", "caption_test_bi")]
    sources = str(variables["COCO_FEATURES"]).split()
    call = [str(tmp_path / "images"), "--config", str(RECIPE / "conf/images.yaml")]
    call += ["--sources", *sources, "--data_dirs", *sets]
    images.main(call)
    images.main([*call, "--finish"])
    assert len(read_table(tmp_path / "images/image.scp")) == 8
