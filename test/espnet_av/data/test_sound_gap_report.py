"""What was done to the sound of a recording is told: in a table, and in the log."""

import logging

from films import write_film

from espnet_av.data.ark import read_audio_ark
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.sound_gap_report import GapRow, write_sound_gaps
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump

HEADER = "utt_id\tkind\tsecond\tseconds\n"


def test_no_gaps_is_a_header_and_no_word(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        write_sound_gaps(tmp_path / "sound_gaps.tsv", [])
    assert (tmp_path / "sound_gaps.tsv").read_text() == HEADER
    assert caplog.text == ""


def test_rows_and_the_worst_one(tmp_path, caplog):
    rows = [
        GapRow("u1", "hole", 1.25, 0.5),
        GapRow("u1", "overlap", 3.0, 0.02),
        GapRow("u2", "slow clock", 0.0, -0.75),
    ]
    write_sound_gaps(tmp_path / "sound_gaps.tsv", rows)
    assert (tmp_path / "sound_gaps.tsv").read_text() == HEADER + (
        "u1\thole\t1.250\t0.500\nu1\toverlap\t3.000\t0.020\nu2\tslow clock\t0.000\t-0.750\n"
    )
    assert "sound of 2 utterances" in caplog.text
    assert "most: u2, slow clock of -0.750 s" in caplog.text


def test_the_dump_tells_where_a_recording_has_a_hole(tmp_path, caplog):
    def lossy(time):
        return None if 1 <= time < 1.4 else time

    write_film(tmp_path / "r.mkv", seconds=4, codecs=(None, "pcm_s16le"), sound_stamp=lossy)
    write_film(tmp_path / "q.mkv", seconds=4, codecs=(None, "pcm_s16le"))
    tables = {
        "wav.scp": {"q": str(tmp_path / "q.mkv"), "r": str(tmp_path / "r.mkv")},
        "segments": {"s-a": "r 0.5 2.5", "s-b": "r 2 3", "s-c": "q 0 4"},
        "utt2spk": dict.fromkeys(("s-a", "s-b", "s-c"), "s"),
    }
    write_data_dir(tmp_path / "data", tables)
    shards = plan_dump(tmp_path / "data", tmp_path / "roi", tmp_path / "dump", DumpConfig())
    for shard in shards:
        shard.write(lambda: None)
    made = finish_dump(shards)
    report = (tmp_path / "dump/sound_gaps.tsv").read_text()
    assert report == HEADER + "s-a\thole\t0.500\t0.400\n"
    assert "sound of 1 utterances" in caplog.text
    # Made again from the records: the same.
    finish_dump(plan_dump(tmp_path / "data", tmp_path / "roi", tmp_path / "dump", DumpConfig()))
    assert (tmp_path / "dump/sound_gaps.tsv").read_text() == report
    wave, _ = read_audio_ark(made.locate("wav.scp", "s-a"), "s-a")
    assert len(wave) == 32000
    assert not wave[8100:14300].any()
