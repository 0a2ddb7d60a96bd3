"""Which pictures are drawn of a decoding: of which conditions, and what they are called."""

from pathlib import Path

from oracles.decoded import write_condition

from espnet_av.score import pictures
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected
from espnet_av.score.report import write_report


def page(decode_dir: Path) -> str:
    resampling = Resampling(num_resamples=20)
    write_report(decode_dir, Expected(), command="score it", resampling=resampling)
    return (decode_dir / "RESULTS.md").read_text(encoding="utf-8")


def test_pictures_are_of_the_best_and_the_worst_condition(tmp_path):
    for noise, rate in (("clean", 0.05), ("babble:0", 0.3), ("babble:-5", 0.6)):
        write_condition(tmp_path / "d", "A", noise, rate, num_utts=20)
    text = page(tmp_path / "d")
    assert "(alignment_test_A_clean.png)" in text
    assert "(alignment_test_A_babble_-5dB.png)" in text
    assert "(alignment_test_A_babble_0dB.png)" not in text
    assert "(wer_over_snr_test_babble.png)" in text
    assert (tmp_path / "d" / "test" / "A_clean" / "score_wer" / "result.txt").is_file()
    assert (tmp_path / "d" / "test" / "A_clean" / "score_cer" / "result.txt").is_file()
    assert not (tmp_path / "d" / "test" / "A_clean" / "score_bleu").exists()


def test_each_of_several_sets_has_curves_and_missing_video_a_picture(tmp_path, monkeypatch):
    drawn = []
    for name in ("plot_alignment", "plot_missing_video", "plot_snr"):
        monkeypatch.setattr(
            pictures, name, lambda *args, name=name, **_: drawn.append((name, *args[1:3]))
        )
    monkeypatch.setattr(pictures, "plot_confusion", lambda *_: False)
    for set_name in ("one", "two"):
        write_condition(tmp_path, "AV", "clean", 0.1, num_utts=5, set_name=set_name)
        write_condition(tmp_path, "AV", "babble:0", 0.3, num_utts=5, set_name=set_name)
    write_condition(
        tmp_path, "AV", "clean", 0.5, num_utts=5, set_name="two", missing_video="start:1"
    )
    text = page(tmp_path)
    assert [item for item in drawn if item[0] != "plot_alignment"] == [
        ("plot_snr", "one", "babble"),
        ("plot_snr", "two", "babble"),
        ("plot_missing_video", "two", tmp_path / "wer_over_missing_video_two.png"),
    ]
    assert sum(item[0] == "plot_alignment" for item in drawn) == 4
    assert "(wer_over_missing_video_two.png)" in text and "missing_video_one.png" not in text
    assert "confusion_" not in text
