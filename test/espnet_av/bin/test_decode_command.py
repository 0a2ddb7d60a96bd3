"""The decode command: folders per condition, resuming, independence of the batch size."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from oracles.tiny_experiment import TinyExperiment, make_tiny_experiment
from oracles.tiny_run import TinyRun

from espnet_av.bin import decode
from espnet_av.data.ark import ArkWriter, read_clip
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.table import read_table

FILES = {
    ".done",
    "config.yaml",
    "decode.json",
    "example.npz",
    "nbest.jsonl",
    "provenance.yaml",
    "ref",
    "text",
    "utt2lang",
    "utt2spk",
}


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory, tiny_run: TinyRun) -> TinyExperiment:
    return make_tiny_experiment(tmp_path_factory.mktemp("experiment"), tiny_run)


@pytest.fixture
def run(experiment: TinyExperiment, tmp_path: Path):
    """Runs the command with more options; returns the output folder."""
    (tmp_path / "decode.yaml").write_text("method: ctc_prefix\nbeam_size: 4\nnbest: 2\n")

    def start(*options: str, out: str = "out", noises: str = "clean babble:0") -> Path:
        arguments = ["--config", str(tmp_path / "decode.yaml")]
        arguments += ["--exp_dir", str(experiment.exp_dir), "--sets", str(experiment.test_dir)]
        arguments += ["--noise_dir", str(experiment.noise_dir), "--noises", *noises.split()]
        decode.main([str(tmp_path / out), *arguments, *options])
        return tmp_path / out

    return start


def texts(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): path.read_text() for path in out.glob("*/*/text")}


def test_a_folder_for_every_condition_with_lips_alone_only_once(run, experiment):
    out = run()
    names = {path.name for path in (out / "test").iterdir()}
    assert names == {"A_clean", "A_babble_0dB", "V_clean", "AV_clean", "AV_babble_0dB"}
    for folder in (out / "test").iterdir():
        noisy = {"noise.tsv"} if "babble" in folder.name else set()
        assert {path.name for path in folder.iterdir()} == FILES | noisy
    data = read_data_dir(experiment.test_dir)
    assert read_table(out / "test" / "AV_clean" / "ref") == data.tables["text"]
    assert not (out / "test" / "AV_clean" / "ref.source").exists(), "that is what was said"
    assert set(read_table(out / "test" / "AV_clean" / "text")) == set(data.utt_ids)
    assert len(set(texts(out).values())) > 1, "modes and noise change nothing?"


def test_records_of_a_condition(run):
    out = run("--modes", "AV")
    folder = out / "test" / "AV_babble_0dB"
    info = json.loads((folder / "decode.json").read_text())
    assert (info["set"], info["mode"], info["noise"], info["snr_db"]) == (
        "test",
        "AV",
        "babble:0",
        0,
    )
    assert info["num_utts"] == 7
    assert info["num_parameters"] > 1000
    rows = [json.loads(line) for line in (folder / "nbest.jsonl").read_text().splitlines()]
    assert [len(row["nbest"]) for row in rows] == [2] * 7
    assert all(row["nbest"][0]["score"] >= row["nbest"][1]["score"] for row in rows)
    for row in rows:
        spoken = row["nbest"][0]["text"].split()
        assert [word["word"] for word in row["words"]] == spoken
        ends = [word["end"] for word in row["words"]]
        assert ends == sorted(ends)
        assert all(end <= row["frames"] * 0.04 + 1e-6 for end in ends)
    noise = [line.split("\t") for line in (folder / "noise.tsv").read_text().splitlines()]
    assert len(noise) == 8
    assert {line[1] for line in noise[1:]} <= {"babble-0", "babble-1", "babble-2"}
    with np.load(folder / "example.npz") as example:
        assert example["probabilities"].shape[1] == len(example["tokens"]) + 1
        assert example["attention"].shape == (
            len(example["tokens"]) + 1,
            example["probabilities"].shape[0],
        )


@pytest.mark.parametrize("method", ["ctc_prefix", "joint", "ctc_greedy"])
def test_the_batch_size_changes_nothing(run, method):
    common = ("--override", f"method={method}")
    one_by_one = run(*common, "--override", "batch_frames=1", out="single")
    together = run(*common, "--override", "batch_frames=10000", out="batch")
    assert texts(one_by_one) == texts(together)
    assert any(text.split()[1:] for text in texts(together).values())


def test_a_second_run_does_nothing_and_says_so(run, capsys):
    out = run()
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    capsys.readouterr()
    assert run() == out
    assert capsys.readouterr().out.count("done before") == 5
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_other_settings_decode_again_but_the_batch_size_does_not(run):
    out = run("--modes", "A")
    old = (out / "test" / "A_clean" / ".done").read_text()
    run("--modes", "A", "--override", "batch_frames=77")
    assert (out / "test" / "A_clean" / ".done").read_text() == old
    run("--modes", "A", "--override", "beam_size=2")
    assert (out / "test" / "A_clean" / ".done").read_text() != old


def test_an_unfinished_folder_is_decoded_again(run):
    out = run("--modes", "V")
    (out / "test" / "V_clean" / ".done").unlink()
    (out / "test" / "V_clean" / "text").write_text("half")
    run("--modes", "V")
    assert (out / "test" / "V_clean" / "text").read_text() != "half"


def test_seed_chooses_the_noises_and_workers_change_nothing(run):
    common = ("--modes", "A")
    one, same, other = (
        run(*common, *more, out=name, noises="babble:0")
        for name, more in (
            ("one", ("--seed", "1")),
            ("same", ("--seed", "1", "--num_workers", "1")),
            ("other", ("--seed", "2")),
        )
    )
    noises = [
        (out / "test" / "A_babble_0dB" / "noise.tsv").read_text() for out in (one, same, other)
    ]
    assert noises[0] == noises[1] != noises[2]
    assert texts(one) == texts(same)


def test_jobs_share_the_conditions_and_give_the_same(run):
    whole = run(out="whole")
    for job in ("1", "2", "3"):
        run("--job", job, "--num_jobs", "3", out="shared")
    assert texts(whole) == texts(whole.with_name("shared"))


def test_dry_run_only_lists(run, capsys):
    out = run("--dry_run")
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "noises", "message"),
    [
        (["--modes", "AVA"], "clean", "not a mode; choices"),
        ([], "babble", "expected 'clean' or 'category:dB'"),
        ([], "music:0", "no noise of category 'music'"),
        (["--job", "3", "--num_jobs", "2"], "clean", "must be from 1 to --num_jobs 2"),
        (["--modes", "A", "A"], "clean", "asked for twice"),
        (["--checkpoint", "none.pth"], "clean", "no such checkpoint"),
        (["--sets", "tset"], "clean", "--sets tset: no such folder; stage 3 makes it"),
        (["--missing_video", "half:0.5"], "clean", "expected 'kind:share' as in 'start:0.5'"),
        (["--missing_video", "start:1", "--modes", "A"], "clean", "has no video; add AV"),
        (["--override", "beam=3"], "clean", "unknown key 'beam'; did you mean 'beam_size'"),
    ],
)
def test_errors_say_what_to_do(run, options, noises, message):
    with pytest.raises(SystemExit, match=re.escape(message)):
        run(*options, noises=noises)


def test_missing_video_is_decoded_beside_the_rest(run, caplog):
    caplog.set_level("INFO")
    modes = ("--modes", "AV", "V")
    out = run(*modes, "--missing_video", "whole:1", "start:0.4", noises="clean")
    names = {path.name for path in (out / "test").iterdir()}
    lost = {"AV_clean_whole_1", "AV_clean_start_0.4", "V_clean_start_0.4"}
    assert names == {"AV_clean", "V_clean"} | lost
    assert "mode V never loses whole utterances" in caplog.text
    for name in names:
        folder = out / "test" / name
        extra = {"missing_video.tsv"} if name in lost else set()
        assert {path.name for path in folder.iterdir()} == FILES | extra
    info = json.loads((out / "test/AV_clean_start_0.4/decode.json").read_text())
    assert info["missing_video"] == "start:0.4"
    assert info["missing_share"] == pytest.approx(0.4, abs=0.05)
    header, *lines = (out / "test/AV_clean_start_0.4/missing_video.tsv").read_text().splitlines()
    assert header.split("\t") == ["utt_id", "kind", "share", "missing", "frames"]
    assert len(lines) == info["num_utts"]
    for line in lines:
        _, kind, share, missing, frames = line.split("\t")
        assert (kind, share) == ("start", "0.4")
        assert int(missing) == int(0.4 * int(frames) + 0.5)
    plain = json.loads((out / "test/AV_clean/decode.json").read_text())
    assert (plain["missing_video"], plain["missing_share"]) == (None, None)


def scores_of(folder: Path) -> list[float]:
    lines = (folder / "nbest.jsonl").read_text().splitlines()
    return [hypothesis["score"] for line in lines for hypothesis in json.loads(line)["nbest"]]


def test_all_video_missing_is_sound_alone(run):
    out = run("--modes", "AV", "A", "--missing_video", "whole:1", "start:1", noises="clean")
    test = out / "test"
    assert scores_of(test / "AV_clean_whole_1") == scores_of(test / "A_clean")
    assert scores_of(test / "AV_clean_start_1") != scores_of(test / "A_clean")
    assert scores_of(test / "AV_clean_whole_1") != scores_of(test / "AV_clean")


def test_the_seed_chooses_what_is_missing(run):
    common = ("--modes", "AV", "--missing_video", "frames:0.5")
    one = run(*common, "--seed", "1", noises="clean") / "test"
    first, plain = one / "AV_clean_frames_0.5", one / "AV_clean"
    before, mark = scores_of(first), (plain / ".done").read_text()
    run(*common, "--seed", "2", noises="clean")
    assert scores_of(first) != before
    assert (plain / ".done").read_text() == mark


def test_references_of_a_model_that_translates(experiment, run, tmp_path):
    """The translations, of the language it was trained to write; its `langs` choose no tests."""
    moved = shutil.copytree(experiment.test_dir, tmp_path / "dump" / "test_fr")
    data = read_data_dir(moved)
    rows = {utt_id: f"bleu {utt_id[-1]}" for utt_id in data.utt_ids}
    write_data_dir(moved, {**data.tables, "text.fr": rows}, data.ctm)
    exp_dir = shutil.copytree(experiment.exp_dir, tmp_path / "exp")
    config = yaml.safe_load((exp_dir / "config.yaml").read_text("utf-8"))
    config["dataset"] = {"target_lang": "fr", "langs": ["en"], "noise_prob": 0.0}
    (exp_dir / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    out = run("--exp_dir", str(exp_dir), "--sets", str(moved), "--modes", "A", noises="clean")
    assert read_table(out / "test_fr" / "A_clean" / "ref") == rows
    assert read_table(out / "test_fr" / "A_clean" / "ref.source") == data.tables["text"]
    assert json.loads((out / "test_fr/A_clean/decode.json").read_text())["target_lang"] == "fr"


def test_a_set_without_video_gets_mode_a_alone(experiment, run, tmp_path, caplog):
    caplog.set_level("INFO")
    sound = shutil.copytree(experiment.test_dir, tmp_path / "dump" / "read")
    for name in ("video.scp", "utt2num_frames"):
        (sound / name).unlink()
    out = run("--sets", str(sound), "--modes", "A", "AV", "V", noises="clean")
    assert [path.name for path in (out / "read").iterdir()] == ["A_clean"]
    assert "no video, so mode A alone: read" in caplog.text


def test_an_utterance_that_cannot_be_decoded_is_named(experiment, run, tmp_path):
    moved = shutil.copytree(experiment.test_dir, tmp_path / "dump" / "bad")
    data = read_data_dir(moved)
    frames = {utt_id: int(data.tables["utt2num_frames"][utt_id]) for utt_id in data.utt_ids}
    shortest, longest = min(frames, key=frames.__getitem__), max(frames, key=frames.__getitem__)
    clips = dict(data.tables["video.scp"])
    with ArkWriter(moved / "other.ark") as archive:
        clips[shortest] = archive.write_clip(shortest, read_clip(f"{moved}/{clips[longest]}"))
    write_data_dir(moved, {**data.tables, "video.scp": clips})
    with pytest.raises(SystemExit, match=f"utterance {shortest} has .* audio samples"):
        run("--sets", str(moved), "--modes", "AV", noises="clean")


def test_a_metric_that_the_model_cannot_feed_is_refused_before_the_work(run, tmp_path, monkeypatch):
    from espnet_av.score.scorers import SCORERS, TRANSLATION

    monkeypatch.setitem(SCORERS, "toys", dataclasses.replace(TRANSLATION, name="toys", kind="toys"))
    monkeypatch.delitem(SCORERS, "translation")
    expected = tmp_path / "expected_scores.yaml"
    expected.write_text("scoring: {metric: bleu}\n", encoding="utf-8")
    message = "predicts text, but metric bleu is of toys; set scoring: {metric: wer or cer or per}"
    with pytest.raises(SystemExit, match=message):
        run("--expected", str(expected))
    assert not (tmp_path / "out").exists()
    expected.write_text("scoring: {metric: cer}\n", encoding="utf-8")
    out = run("--expected", str(expected), "--modes", "A", noises="clean")
    assert json.loads((out / "test/A_clean/decode.json").read_text())["kind"] == "text"
