from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
import soundfile
import torch
import yaml
from oracles.films import write_film
from oracles.tiny_run import TINY_CONFIG

from espnet_av.bin import transcribe
from espnet_av.config import build, load_config
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import CheckpointError, ConfigError, MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.video import read_video, write_video
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import NoMouthError, extract_roi
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text import Speech2Text
from espnet_av.speech2text import file_dump as module
from espnet_av.speech2text.picture import find_picture, plan_file
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import build_model
from espnet_av.train.longest import read_longest

# The films are longer than the second that this model learned from at most.
WHOLE = 20.0


@pytest.fixture(scope="module")
def speech2text(packed_run):
    return Speech2Text.from_pretrained(packed_run.zip, max_window_sec=WHOLE)


@pytest.mark.parametrize("mode", ["av", "a", "v"])
@pytest.mark.parametrize("name", ["s1-one", "s1-two"])
def test_same_hypotheses_as_the_decode_stage(packed_run, speech2text, name, mode):
    record = packed_run.decoded(mode.upper())[name]
    transcript = speech2text(video_path=packed_run.film(name), mode=mode)
    (passage,) = transcript.passages
    assert len(passage.texts) == 3
    assert passage.texts == [entry["text"] for entry in record["nbest"]]
    assert passage.scores == pytest.approx([entry["score"] for entry in record["nbest"]], abs=1e-4)
    times = [(word["word"], word["start"], word["end"]) for word in record["words"]]
    assert [word[:3] for word in passage.words] == times
    assert transcript.nbest == passage.texts


def test_experiment_folder_and_other_search(packed_run, speech2text):
    path = packed_run.film("s1-one")
    roi = load_config(RoiConfig, packed_run.root / "roi.yaml")
    default = Speech2Text.from_pretrained(packed_run.exp, roi=roi)
    assert default.decode == DecodeConfig(method="ctc_prefix"), "the model has no decoder"
    same = Speech2Text.from_pretrained(packed_run.exp, decode=speech2text.decode, roi=roi)
    assert same(video_path=path) == speech2text(video_path=path)
    greedy = DecodeConfig(method="ctc_greedy")
    greedy = Speech2Text.from_pretrained(packed_run.zip, decode=greedy)(video_path=path)
    assert len(greedy.nbest) == 1 and greedy.score < 0


def test_sound_and_picture_from_two_files(packed_run, speech2text, tmp_path):
    path = packed_run.film("s1-one")
    write_video(tmp_path / "silent.mp4", read_video(path), 25)
    together = speech2text(video_path=path)
    apart = speech2text(video_path=tmp_path / "silent.mp4", audio_path=path)
    assert apart.nbest == together.nbest
    with pytest.raises(MediaError, match=r"silent\.mp4.*no audio"):
        speech2text(video_path=tmp_path / "silent.mp4", mode="av")
    lips = speech2text(video_path=tmp_path / "silent.mp4", mode="v")
    assert lips.passages and speech2text(video_path=tmp_path / "silent.mp4") == lips
    heard = speech2text(audio_path=path, mode="a")
    assert speech2text(audio_path=path) == heard, "no film, so by sound"


def test_what_is_missing_is_named(packed_run, speech2text):
    with pytest.raises(ConfigError, match="mode 'v' needs a video_path"):
        speech2text(audio_path=packed_run.film("s1-one"), mode="v")
    with pytest.raises(ConfigError, match="mode 'va' is none of auto, av"):
        speech2text(video_path=packed_run.film("s1-one"), mode="va")


def test_long_file_is_cut_and_times_go_on(packed_run, tmp_path):
    write_film(tmp_path / "long.mp4", seed=7, num_frames=80)
    short = Speech2Text.from_pretrained(packed_run.zip, max_window_sec=1.2)
    transcript = short(video_path=tmp_path / "long.mp4")
    starts = [passage.start for passage in transcript.passages]
    assert len(starts) >= 3 and starts == sorted(starts)
    for passage, following in zip(transcript.passages, transcript.passages[1:], strict=False):
        assert 0 < passage.end - passage.start <= 1.2 + 1e-9
        assert passage.end == pytest.approx(following.start)
    assert transcript.passages[-1].end == pytest.approx(80 / 25)
    times = [word.start for word in transcript.words]
    assert times == sorted(times)
    seconds = len(read_audio(tmp_path / "long.mp4")) / 16000
    assert all(word.end <= seconds + 0.04 for word in transcript.words)
    for mode in ("a", "v"):
        passages = short(video_path=tmp_path / "long.mp4", mode=mode).passages
        assert len(passages) >= 3 and passages[-1].end == pytest.approx(80 / 25, abs=0.041)


def test_passages_of_a_model_at_50_hz_end_in_time(packed_run, speech2text):
    conf = {key: value for key, value in TINY_CONFIG["model_conf"].items() if "_dropout" not in key}
    lips = {"audio_frontend": "none", "audio_frontend_conf": {}, "fusion": "none", "frame_rate": 50}
    config = build(TrainConfig, {**TINY_CONFIG, "model_conf": {**conf, **lips}})
    torch.manual_seed(0)
    model = build_model(config, speech2text.tokenizer).eval()
    parts = (speech2text.tokenizer, config.dataset, speech2text.decode)
    at_50_hz = Speech2Text(model, *parts, load_config(RoiConfig, packed_run.root / "roi.yaml"))
    (passage,) = at_50_hz(video_path=packed_run.film("s1-one"), mode="v").passages
    assert passage.end == pytest.approx(23 / 25)


def test_languages_of_the_training_choose_no_files(packed_run, speech2text, tmp_path):
    exp = shutil.copytree(packed_run.exp, tmp_path / "exp")
    content = yaml.safe_load((exp / "config.yaml").read_text())
    content["dataset"]["langs"] = ["de"]
    (exp / "config.yaml").write_text(yaml.safe_dump(content))
    path = packed_run.film("s1-one")
    german = Speech2Text.from_pretrained(exp, decode=speech2text.decode)
    assert german(video_path=path, mode="a") == speech2text(video_path=path, mode="a")


def test_a_part_without_a_face_is_heard(packed_run, tmp_path, monkeypatch, caplog):
    unseen = {0.0}

    def extract(path, config, start, end):
        if start in unseen:
            raise NoMouthError(f"{path}: no face", reason="no_face")
        return extract_roi(path, config, start, end)

    monkeypatch.setattr(module, "extract_roi", extract)
    film = tmp_path / "long.mp4"
    write_film(film, seed=7, num_frames=50)
    parts = Speech2Text.from_pretrained(packed_run.zip, max_window_sec=1.2)
    heard, both = (parts(video_path=film, mode=mode).passages for mode in ("a", "av"))
    assert len(both) >= 2
    assert both[0].scores == pytest.approx(heard[0].scores, abs=1e-4)
    assert both[1].scores != pytest.approx(heard[1].scores, abs=1e-4)
    part = re.search(r"no face \(in the part from 0 s to ([\d.]+) s\); by sound alone", caplog.text)
    assert both[1].start <= float(part[1]) <= both[1].start + 0.25, "windows may overlap"
    with pytest.raises(NoMouthError, match="in the part from 0 s to"):
        parts(video_path=film, mode="v")
    unseen |= {
        window.start for window in plan_file(find_picture(film), 30, read_audio(film, 16000))
    }
    with pytest.raises(NoMouthError, match="no mouth in any part"):
        parts(video_path=film, mode="av")
    whole = Speech2Text.from_pretrained(packed_run.zip, max_window_sec=WHOLE)
    with pytest.raises(NoMouthError, match="in the part from 0 s to the end"):
        whole(video_path=film, mode="av")
    caplog.clear()
    for recogniser in (parts, whole):
        spoken = recogniser(video_path=film, mode="a").passages
        found = recogniser(video_path=film).passages
        # The last block of a codec is longer than the picture.
        assert [p.end for p in found] == pytest.approx([p.end for p in spoken], abs=0.09)
        assert all(p.texts for p in found)
    assert caplog.text.count("no mouth in any part of the video; by sound alone") == 2


def test_passages_come_as_they_are_found_a_few_at_a_time(packed_run, tmp_path, monkeypatch):
    film, planned = tmp_path / "long.mp4", []
    write_film(film, seed=7, num_frames=90)
    parts = Speech2Text.from_pretrained(packed_run.zip, max_window_sec=0.6)
    expected = parts(video_path=film).passages
    assert len(expected) >= 5
    monkeypatch.setattr("espnet_av.speech2text.speech2text._LEAST_WINDOWS", 1)
    parts.decode = dataclasses.replace(parts.decode, batch_frames=30)
    sizes = []
    search = parts._search
    monkeypatch.setattr(parts, "_search", lambda data: sizes.append(len(data)) or search(data))
    stream = parts.stream(video_path=film, planned=planned.append)
    first = next(stream)
    assert planned == [pytest.approx(90 / 25, abs=0.1)] and sum(sizes) < len(expected)
    found = [first, *stream]
    assert [p.texts for p in found] == [p.texts for p in expected] and max(sizes) == 2


def test_windows_follow_the_longest_training_utterance(packed_run, tmp_path, caplog):
    longest = read_longest(packed_run.exp)
    frames = read_data_dir(packed_run.dump).tables["utt2num_frames"].values()
    assert longest == max(map(int, frames)) / 25 < 1.0
    write_film(tmp_path / "long.mp4", seed=7, num_frames=90)
    for model in (packed_run.exp, packed_run.zip):
        roi = load_config(RoiConfig, packed_run.root / "roi.yaml")
        found = Speech2Text.from_pretrained(model, roi=roi)(tmp_path / "long.mp4")
        assert len(found.passages) >= 4
        assert all(p.end - p.start <= longest + 1e-9 for p in found.passages)
        assert found.passages[-1].end == pytest.approx(90 / 25)
    assert "windows" not in caplog.text
    Speech2Text.from_pretrained(packed_run.zip, max_window_sec=longest)
    assert "windows" not in caplog.text
    Speech2Text.from_pretrained(packed_run.zip, max_window_sec=1.5)
    assert f"windows of 1.5 s, but the model never heard more than {longest:g} s" in caplog.text


def test_a_file_that_hardly_exceeds_a_window_is_left_whole(packed_run, tmp_path):
    for num_frames, count in ((33, 1), (34, 2)):
        write_film(tmp_path / "film.mp4", seed=7, num_frames=num_frames)
        recognise = Speech2Text.from_pretrained(packed_run.zip, max_window_sec=1.2)
        assert len(recognise(tmp_path / "film.mp4", mode="v").passages) == count


def test_experiments_from_before_the_note(packed_run, tmp_path, caplog):
    exp = shutil.copytree(packed_run.exp, tmp_path / "exp")
    (exp / "lengths.yaml").unlink()
    command = {"command": f"train.py --train_dir '{packed_run.dump}' --config x"}
    (exp / "provenance.yaml").write_text(yaml.safe_dump(command))
    assert read_longest(exp) == read_longest(packed_run.exp)
    (exp / "provenance.yaml").write_text("command: train.py --train_dir gone\n")
    assert read_longest(exp) is None
    Speech2Text.from_pretrained(exp)
    assert "nobody noted how long its training utterances were" in caplog.text
    assert "longer than 20 s are cut" in caplog.text
    (exp / "lengths.yaml").write_text("longest_sec: much\n")
    with pytest.raises(CheckpointError, match=r"lengths\.yaml: not 'longest_sec: <seconds>'"):
        Speech2Text.from_pretrained(exp)
    (exp / "lengths.yaml").write_text("longest_sec: -3\n")
    with pytest.raises(CheckpointError, match=r"lengths\.yaml: longest_sec is -3"):
        Speech2Text.from_pretrained(exp)


def test_command_names_the_file_that_failed(packed_run, tmp_path, capsys):
    good, bad = str(packed_run.film("s1-one")), str(tmp_path / "none.mp4")
    out = tmp_path / "out.jsonl"
    options = ["--model", str(packed_run.zip), "--mode", "av", "--format", "json"]
    assert transcribe.main([*options, "--output", str(out), bad, good]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and f"{bad}: no such file" in captured.err
    (line,) = out.read_text().splitlines()
    content = json.loads(line)
    assert content["path"] == good
    expected = packed_run.decoded("AV")["s1-one"]
    assert content["text"] == expected["nbest"][0]["text"]
    assert [e["text"] for e in content["passages"][0]["nbest"]] == [
        e["text"] for e in expected["nbest"]
    ]


def test_command_prints_text_and_subtitles(packed_run, capsys):
    one, two = (str(packed_run.film(name)) for name in ("s1-one", "s1-two"))
    texts = {n: packed_run.decoded("A")[n]["nbest"][0]["text"] for n in ("s1-one", "s1-two")}
    options = ["--model", str(packed_run.zip), "--mode", "a", "--max_window", str(WHOLE)]
    assert transcribe.main([*options, one]) == 0
    assert capsys.readouterr().out == f"{texts['s1-one']}\n"
    assert transcribe.main([*options, one, two]) == 0
    assert capsys.readouterr().out == f"{one}\t{texts['s1-one']}\n{two}\t{texts['s1-two']}\n"
    cut = ["--format", "json", "--max_window", "0.4"]
    assert transcribe.main([*options, *cut, one]) == 0
    assert len(json.loads(capsys.readouterr().out)["passages"]) > 1
    assert transcribe.main([*options, "--format", "srt", one]) == 0
    assert capsys.readouterr().out.startswith("1\n00:00:0") or not texts["s1-one"]
    assert transcribe.main([*options, "--format", "vtt", one]) == 0
    assert capsys.readouterr().out.startswith("WEBVTT\n")
    for wrong, message in (
        (["--format", "srt", one, two], "--format srt takes one file"),
        (["--format", "vtt", one, two], "--format vtt takes one file"),
        (["--max_window", "0", one], "--max_window 0: must be above 0"),
        (["--max_window", "nan", one], "--max_window nan: must be above 0"),
    ):
        with pytest.raises(SystemExit):
            transcribe.main([*options, *wrong])
        assert message in capsys.readouterr().err


def test_no_model(tmp_path):
    with pytest.raises(SystemExit, match=r"no\.zip: no such model"):
        transcribe.main(["--model", str(tmp_path / "no.zip"), "x.mp4"])


def test_what_cannot_be_written_is_shown(packed_run, tmp_path, capsys):
    sound = tmp_path / "a.wav"
    soundfile.write(sound, np.random.default_rng(0).normal(0, 0.1, 8000), 16000)
    options = ["--model", str(packed_run.zip), "--mode", "a"]
    assert transcribe.main([*options, str(sound)]) == 0
    text = capsys.readouterr().out
    (tmp_path / "folder").mkdir()
    with pytest.raises(SystemExit, match=r"transcribe: .*folder'; check the path, and run again"):
        transcribe.main([*options, "--output", str(tmp_path / "folder"), str(sound)])
    assert capsys.readouterr().out == text


def test_real_clip_is_tracked_and_recognised(packed_run, grid_root):
    path = sorted(grid_root.rglob("*.mp4"))[0]
    roi = RoiConfig(tracker="haar", size=88)
    speech2text = Speech2Text.from_pretrained(packed_run.zip, roi=roi, max_window_sec=WHOLE)
    for mode in ("av", "v", "a"):
        (passage,) = speech2text(video_path=path, mode=mode).passages
        assert (passage.start, passage.end) == (0.0, 3.0)
        assert passage.texts


def test_command_writes_every_form_of_a_folder(packed_run, tmp_path, capsys):
    films, out = tmp_path / "films", tmp_path / "out" / "texts"
    (films / "more").mkdir(parents=True)
    for place in (films / "one.mp4", films / "more/one.mp4"):
        shutil.copy(packed_run.film("s1-one"), place)
    (films / "bad.wav").write_text("x")
    options = ["--model", str(packed_run.zip), "--mode", "a", "--max_window", str(WHOLE)]
    assert transcribe.main([*options, "--output_dir", str(out), "--format", "all", str(films)]) == 1
    captured = capsys.readouterr()
    assert "bad.wav" in captured.err and f"{films}/one.mp4 -> {out}/one.mp4-2.srt" in captured.out
    suffixes = (".TextGrid", ".ctm", ".json", ".srt", ".tsv", ".txt", ".vtt")
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(f"one.mp4{n}{suffix}" for n in ("", "-2") for suffix in suffixes)
    text = packed_run.decoded("A")["s1-one"]["nbest"][0]["text"]
    assert (out / "one.mp4.txt").read_text() == f"{text}\n"
    assert transcribe.main([*options, str(films / "*.mp4")]) == 0
    assert capsys.readouterr().out == f"{text}\n"
    with pytest.raises(SystemExit):
        transcribe.main([*options, "--format", "srt,json", str(films / "one.mp4")])
    assert "add --output_dir" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="no file of this pattern"):
        transcribe.main([*options, str(films / "*.mkv")])
