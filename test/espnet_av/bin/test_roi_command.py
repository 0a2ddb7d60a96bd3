"""The command of the roi stage."""

import pytest
from media_samples import make_clip_corpus

from espnet_av.bin import roi
from espnet_av.data.data_dir import write_data_dir


def test_jobs_then_finish(tmp_path, capsys):
    data_dir = make_clip_corpus(tmp_path, 3)
    (tmp_path / "roi.yaml").write_text("tracker: precomputed\nshard_utts: 1\n")
    options = ["--config", str(tmp_path / "roi.yaml"), str(data_dir), str(tmp_path / "roi")]
    for job in ("1", "2"):
        roi.main(["--job", job, "--num_jobs", "2", *options])
    roi.main(["--finish", *options])
    assert "3 mouth clips" in capsys.readouterr().out
    present = {path.name for path in (tmp_path / "roi").iterdir()}
    assert {
        "video.scp", "utt2num_frames", "tracking.tsv", "contact_sheet.png", "dropped.tsv",
        "provenance.yaml", "config.yaml",
    } <= present  # fmt: skip
    assert "tracker: precomputed" in (tmp_path / "roi" / "config.yaml").read_text()


def test_user_errors_end_without_a_trace(tmp_path):
    (tmp_path / "roi.yaml").write_text("traker: haar\n")
    with pytest.raises(SystemExit, match=r"ConfigError.*traker.*did you mean 'tracker'"):
        roi.main(["--config", str(tmp_path / "roi.yaml"), str(tmp_path), str(tmp_path / "roi")])


def test_sound_alone_is_nothing_to_do(tmp_path, capsys):
    tables = {"wav.scp": {"a-1": "a.wav"}, "utt2spk": {"a-1": "a"}}
    write_data_dir(tmp_path / "data", tables)
    (tmp_path / "roi.yaml").write_text("tracker: fixed\n")
    folders = [str(tmp_path / "data"), str(tmp_path / "roi")]
    for last in ([], ["--finish"]):
        roi.main(["--config", str(tmp_path / "roi.yaml"), *last, *folders])
    assert capsys.readouterr().out == f"{tmp_path}/data: no video, so no mouth clips\n" * 2
    assert not (tmp_path / "roi").exists()
