"""The command `espnet-av images`."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import COCO, write_tsv

from espnet_av.bin.images import main
from espnet_av.data.table import read_table


def test_jobs_then_finish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = put(tmp_path / "images.yaml", "num_regions: 3\nwidth: 8\nshard_images: 1\n")
    out = str(tmp_path / "images")
    call = [out, "--config", str(config), "--sources", str(write_tsv(tmp_path / "x.tsv"))]
    for job in ("1", "2"):
        main([*call, "--job", job, "--num_jobs", "2"])
    main([*call, "--finish"])
    assert f"{out}: 3 images" in capsys.readouterr().out
    assert list(read_table(tmp_path / "images/image.scp")) == list(COCO)
    assert (tmp_path / "images/provenance.yaml").is_file()


def test_what_a_user_can_cure_is_one_line(tmp_path: Path) -> None:
    config = put(tmp_path / "images.yaml", "num_regions: 3\n")
    call = [str(tmp_path / "o"), "--config", str(config), "--sources", str(tmp_path / "x.tsv")]
    with pytest.raises(SystemExit, match=r"images: DataDirError|images: ConfigError"):
        main(call)
