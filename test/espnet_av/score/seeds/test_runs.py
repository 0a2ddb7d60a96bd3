"""Systems over seeds: what is put together, the figures, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from espnet_av.bin import compare
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.seeds.plot_seeds import plot_seeds
from espnet_av.score.seeds.runs import check_comparable, read_system
from espnet_av.score.seeds.seed_table import format_comparison
from espnet_av.train.experiment import FREE_KEYS

CONDITIONS = (("A", "clean"), ("AV", "clean"), ("A", "babble:0"), ("AV", "babble:0"))


@pytest.fixture(autouse=True)
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_training(tag: str, seed: int, init: tuple[str, ...] = (), **config: object) -> Path:
    folder = Path("exp") / tag
    folder.mkdir(parents=True)
    content = {
        "seed": seed,
        "max_steps": 10,
        "init_param": list(init),
        "num_workers": seed,
        **config,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    inputs = {"num_processes": 1, "data": {"train_dir": "aa", "units_dir": f"u{seed}"}}
    inputs["start"] = {
        entry: f"of {seed}" if entry.startswith("exp/") else "same" for entry in init
    }
    (folder / "inputs.yaml").write_text(yaml.safe_dump(inputs))
    return folder


def write_scores(folder: Path, seed: int, rates: tuple[float, ...], **changes: object) -> Path:
    records = [
        {
            "set": "test", "mode": mode, "noise": noise, "seed": 0, "train_seed": seed,
            "refs": "r", "exp_dir": str(folder), "checkpoint": "best.pth",
            "num_parameters": 1_230_000, "wer": {"rate": rate}, **changes,
        }
        for (mode, noise), rate in zip(CONDITIONS, rates, strict=False)
    ]  # fmt: skip
    scoring = {"metric": "wer", "normaliser": "none"}
    scores = {"scoring": scoring, "decode_config": "beam_size: 8", "conditions": records}
    (folder / "decode").mkdir(exist_ok=True)
    path = folder / "decode/scores.json"
    path.write_text(json.dumps(scores))
    return path


def write_system(tag: str, *rates: tuple[float, ...], **config: object) -> list[Path]:
    return [
        write_scores(write_training(f"{tag}_s{seed}", seed, **config), seed, row)
        for seed, row in enumerate(rates, start=1)
    ]


SCRATCH = ((20.0, 19.0, 60.0, 50.0), (22.0, 18.0, 64.0, 51.0), (24.0, 20.0, 62.0, 55.0))
BETTER = ((10.0, 9.0, 41.0, 30.0), (11.0, 9.0, 43.0, 32.0), (15.0, 9.0, 48.0, 31.0))


def test_table_of_two_systems(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--system", "scratch", *map(str, write_system("scratch", *SCRATCH))]
    words += ["--system", "ours", *map(str, write_system("ours", *BETTER, max_steps=99))]
    compare.main([*words, "--output", "results/all.md"])
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert (
        "|system|parameters|n|test A clean|test A babble 0 dB|test AV clean|test AV babble 0 dB|"
    ) in lines
    assert "|scratch|1.23 M|3|22.0 ± 2.0|62.0 ± 2.0|19.0 ± 1.0|52.0 ± 2.6|" in lines
    assert "|ours|1.23 M|3|12.0 ± 2.6|44.0 ± 3.6|9.0 ± 0.0|31.0 ± 1.0|" in lines
    # -10, -11, -9: mean -10, s 1, t(2 degrees of freedom, 97.5 %) = 4.3027
    assert any("**-10.0 [-12.5, -7.5]**" in line for line in lines if line.startswith("|ours"))
    assert "|scratch|-3.0 [-7.3, +1.3]|**-10.0 [-17.5, -2.5]**|" in lines
    written = Path("results/all.md").read_text()
    assert written.startswith(printed)
    assert written.endswith("(all.png)\n")
    assert Path("results/all.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"refs": "q"}, "seed of the noise and references differs"),
        ({"set": "other"}, r"two was tested on other A babble:0, .* before it on test A babble:0"),
    ],
)
def test_systems_tested_on_something_else_are_refused(
    changes: dict[str, str], message: str
) -> None:
    one = read_system("one", write_system("one", SCRATCH[0]))
    two = read_system("two", [write_scores(write_training("t", 1), 1, SCRATCH[0], **changes)])
    with pytest.raises(ConfigError, match=message):
        check_comparable([one, two])
    with pytest.raises(ConfigError, match="called 'one'"):
        check_comparable([one, one])


def test_a_system_without_lips_shares_the_table() -> None:
    deaf = read_system(
        "sound alone", [*write_alone("deaf", 30.0, 70.0), *write_alone("d2", 32.0, 74.0, 2)]
    )
    both = read_system("both", write_system("both", *SCRATCH[:2]))
    for systems in ([deaf, both], [both, deaf]):
        check_comparable(systems)
        text = format_comparison(systems)
        assert "|sound alone|1.23 M|2|31.0 ± 1.4|72.0 ± 2.8|-|-|" in text
        assert "|both|1.23 M|2|21.0 ± 1.4|62.0 ± 2.8|18.5 ± 0.7|50.5 ± 0.7|" in text
        assert text.count("|both|-2.5") == 1 and "|sound alone|-|" not in text
    assert re.search(r"\|sound alone\|\S+10.0 .*\|-\|-\|$", text, re.MULTILINE)
    plot_seeds([deaf, both], Path("both.png"))
    other = read_system("drawn anew", write_alone("other", 30.0, 70.0, refs="q"))
    with pytest.raises(ConfigError, match="seed of the noise and references differs"):
        check_comparable([both, other])


def write_alone(tag: str, clean: float, noisy: float, seed: int = 1, **changes: str) -> list[Path]:
    """One seed of a system of mode A."""
    path = write_scores(write_training(tag, seed), seed, (clean, 0.0, noisy, 0.0), **changes)
    scores = json.loads(path.read_text())
    scores["conditions"] = [record for record in scores["conditions"] if record["mode"] == "A"]
    path.write_text(json.dumps(scores))
    return [path]


def test_missing_video_has_tables_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    paths = write_system("both", *SCRATCH[:2])
    for path, rates in zip(paths, ((31.0, 28.0), (33.0, 30.0)), strict=True):
        scores = json.loads(path.read_text())
        (noisy,) = (r for r in scores["conditions"] if (r["mode"], r["noise"]) == CONDITIONS[3])
        scores["missing_video"] = [
            {**noisy, "missing_video": lost, "wer": {"rate": rate}}
            for lost, rate in zip(("whole:0.5", "start:0.25"), rates, strict=True)
        ]
        path.write_text(json.dumps(scores))
    compare.main(["--system", "both", *map(str, paths), "--output", "results/both.md"])
    written = Path("results/both.md").read_text(encoding="utf-8")
    assert all(f"({name})" in written for name in ("both.png", "both_missing.png"))
    assert Path("results/both_missing.png").stat().st_size > 10_000
    table = capsys.readouterr().out.partition("with missing video: test AV babble 0 dB\n\n")[2]
    assert table.splitlines() == [
        "|system|missing|0 %|25 %|50 %|A (no video)|",
        "|---|---|--:|--:|--:|--:|",
        "|both|whole|50.5 ± 0.7|-|32.0 ± 1.4|62.0 ± 2.8|",
        "|both|start|50.5 ± 0.7|29.0 ± 1.4|-|62.0 ± 2.8|",
    ]
    scores["missing_video"].pop()
    paths[1].write_text(json.dumps(scores))
    with pytest.raises(ConfigError, match=r"set, mode and noise differs.*start:0.25"):
        read_system("both", paths)


def test_another_drawing_of_the_noise_is_refused() -> None:
    one = read_system("one", write_system("one", SCRATCH[0]))
    path = write_system("two", SCRATCH[0])[0]
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 3'))
    with pytest.raises(ConfigError, match="seed of the noise and references differs"):
        check_comparable([one, read_system("two", [path])])


@pytest.mark.parametrize("key", ["scoring", "decode_config"])
def test_another_way_of_scoring_or_decoding_is_refused(key: str) -> None:
    first, second = write_system("one", *SCRATCH[:2])
    scores = json.loads(second.read_text())
    scores[key] = {"metric": "wer", "normaliser": "basic"} if key == "scoring" else "beam_size: 1"
    second.write_text(json.dumps(scores))
    with pytest.raises(ConfigError, match=r"way of \w+ differs from that of exp/one_s1"):
        read_system("one", [first, second])


def test_seeds_of_a_system_differ_in_nothing_else() -> None:
    first = write_scores(write_training("s1", 1), 1, SCRATCH[0])
    again = write_scores(write_training("again", 1), 1, SCRATCH[1])
    with pytest.raises(DataDirError, match="has seed 1 from exp/s1"):
        read_system("x", [first, again])
    longer = write_scores(write_training("s2", 2, max_steps=11), 2, SCRATCH[1])
    with pytest.raises(ConfigError, match=r"of the training differs.*max_steps: 10 there, 11 here"):
        read_system("x", [first, longer])
    other = write_training("s3", 3)
    data = {"num_processes": 1, "data": {"train_dir": "bb"}}
    (other / "inputs.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError, match=r"data of the training differs.*aa there, bb here"):
        read_system("x", [first, write_scores(other, 3, SCRATCH[2])])


def test_pre_training_is_followed_through_weights_and_units() -> None:
    paths = []
    for seed, steps in ((1, 5), (2, 5), (3, 6)):
        write_training(f"sound_s{seed}", seed, max_steps=steps)
        both = write_training(f"both_s{seed}", seed, init=())
        source = {"features": "model", "layer": 3, "experiment": f"sound_s{seed}"}
        units = {"num_units": 9, "rate_hz": 50, "checksum": str(seed), "source": source}
        (both / "units.yaml").write_text(yaml.safe_dump(units))
        tuned = write_training(f"tuned_s{seed}", seed, init=(f"exp/both_s{seed}",))
        paths.append(write_scores(tuned, seed, SCRATCH[0]))
    assert sorted(read_system("x", paths[:2]).origins) == [1, 2]
    with pytest.raises(ConfigError, match="configuration of the pre-training 2 before it differs"):
        read_system("x", paths)


def test_a_chain_may_begin_with_converted_weights() -> None:
    # These were not trained here: no `inputs.yaml`.
    folder = Path("downloads/large")
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("init_param: []\n")
    paths = []
    for seed, row in enumerate(SCRATCH, start=1):
        first = write_training(f"first_s{seed}", seed, (f"{folder}:encoder",))
        paths.append(write_scores(write_training(f"s{seed}", seed, (str(first),)), seed, row))
    assert sorted(read_system("x", paths).origins) == [1, 2, 3]
    again = Path("exp/first_s3/inputs.yaml")
    again.write_text(again.read_text().replace("same", "converted anew"))
    with pytest.raises(ConfigError, match=r"start of the pre-training 1 .*large:encoder same'"):
        read_system("x", paths)


def test_converted_weights_may_be_a_system_themselves() -> None:
    folder = write_training("converted", 0)
    (folder / "inputs.yaml").unlink()
    assert read_system("x", [write_scores(folder, 0, SCRATCH[0])]).origins.keys() == {0}


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        ("y.pth", r"\['x.pth same'\] there, \['y.pth same'\] here"),
        ("gone", r"\['x.pth same'\] there, \['gone same'\] here"),
        ("exp/first", r"\['<experiment>'\] here"),
        ("exp/first:::decoder", r"\['<experiment>:::decoder'\] here"),
        ("exp/first/7step.pth", r"\['<experiment>/7step.pth'\] here"),
        (None, r"\['x.pth same'\] there, \[\] here"),
    ],
)
def test_weights_that_a_training_starts_from_are_compared(start: str | None, shown: str) -> None:
    write_training("first", 1)
    one = write_scores(write_training("s1", 1, ("x.pth",)), 1, SCRATCH[0])
    two = write_training("s2", 2, (start,) if start else ())
    with pytest.raises(ConfigError, match=f"start of the training differs.*{shown}"):
        read_system("x", [one, write_scores(two, 2, SCRATCH[1])])


def test_files_of_the_same_step_of_two_seeds_are_followed() -> None:
    paths = []
    for seed, steps in ((1, 5), (2, 5), (3, 6)):
        first = write_training(f"first_s{seed}", seed, max_steps=steps)
        tuned = write_training(f"tuned_s{seed}", seed, (f"{first}/4step.pth",))
        paths.append(write_scores(tuned, seed, SCRATCH[0]))
    assert sorted(read_system("x", paths[:2]).origins) == [1, 2]
    with pytest.raises(ConfigError, match="configuration of the pre-training 1 before it differs"):
        read_system("x", paths)


def test_seeds_may_differ_in_what_moves_no_weight() -> None:
    paths = [
        write_scores(write_training(f"s{seed}", seed, **dict.fromkeys(FREE_KEYS, seed)), seed, row)
        for seed, row in enumerate(SCRATCH, start=1)
    ]
    assert sorted(read_system("x", paths).origins) == [1, 2, 3]


def test_faults_of_files_are_told() -> None:
    with pytest.raises(DataDirError, match=r"exp/none/scores.json: no such file; run the score"):
        read_system("x", [Path("exp/none/scores.json")])
    path = write_system("one", SCRATCH[0])[0]
    path.write_text("{}")
    with pytest.raises(DataDirError, match="older version"):
        read_system("x", [path])
    with pytest.raises(ConfigError, match=r"x: no scores\.json is named"):
        read_system("x", [])
    with pytest.raises(SystemExit):
        compare.main(["--system", "x", str(path), "--output", "table.txt"])


def test_seeds_of_other_languages_cannot_share_a_table() -> None:
    """Of a run that is older than the note nothing is known."""
    paths = []
    for seed, labels in ((1, "de"), (2, "fr"), (3, None)):
        folder = write_training(f"s{seed}", seed)
        data = {"num_processes": 1, "data": {"train_dir": "aa"}}
        if labels is not None:
            data["labels"] = {"train_dir": labels}
        (folder / "inputs.yaml").write_text(yaml.safe_dump(data))
        paths.append(write_scores(folder, seed, SCRATCH[seed - 1]))
    assert sorted(read_system("x", [paths[0], paths[2]]).origins) == [1, 3]
    with pytest.raises(ConfigError, match=r"languages and categories.*de there, fr here"):
        read_system("x", paths[:2])


def test_only_what_differs_of_two_lists_is_told() -> None:
    first = write_scores(write_training("s1", 1, init=("a", "b")), 1, SCRATCH[0])
    for tag, init, words in (
        ("less", ("a",), r"\['b same'\] there, \[\] here"),
        ("more", ("a", "b", "c"), r"\[\] there, \['c same'\] here"),
        ("order", ("b", "a"), r"\['a same', 'b same'\] there, \['b same', 'a same'\] here"),
    ):
        other = write_scores(write_training(tag, 2, init=init), 2, SCRATCH[1])
        with pytest.raises(ConfigError, match=words):
            read_system("x", [first, other])


def test_systems_scored_or_decoded_otherwise_share_no_table() -> None:
    one = read_system("one", write_system("one", SCRATCH[0]))
    (path,) = write_system("two", SCRATCH[1])
    scores = json.loads(path.read_text())
    path.write_text(json.dumps(scores | {"decode_config": "beam_size: 1"}))
    with pytest.raises(ConfigError, match=r"two_s1.* differs from that of exp/one_s1"):
        check_comparable([one, read_system("two", [path])])


def test_translated_texts_stand_beside_what_was_trained() -> None:
    """A cascade differs in what its recogniser was told; transcripts were told nothing."""
    trained = [write_training(f"asr_s{seed}", seed) for seed in (1, 2)]
    speech = [write_scores(exp, seed, (9.0,)) for seed, exp in enumerate(trained, 1)]
    cascade, ceiling = [], []
    for seed, exp in enumerate(trained, 1):
        own = Path(f"exp/cascade_s{seed}")
        own.mkdir()
        source = {"translated_from": f"{exp}/words"}
        cascade.append(write_scores(own, seed, (8.0,), **source))
    Path("exp/ceiling").mkdir()
    ceiling.append(write_scores(Path("exp/ceiling"), 0, (5.0,), translated_from="transcripts"))
    systems = [
        read_system(name, paths)
        for name, paths in (("speech", speech), ("cascade", cascade), ("ceiling", ceiling))
    ]
    check_comparable(systems)
    page = format_comparison(systems)
    assert "cascade" in page and "ceiling" in page
    # Two recognisers that were told different things make no cascade.
    other = write_training("asr_s3", 3, max_steps=11)
    Path("exp/cascade_s3").mkdir()
    wrong = write_scores(
        Path("exp/cascade_s3"), 3, (8.0,), translated_from=f"{other}/words"
    )  # fmt: skip
    with pytest.raises(ConfigError, match="configuration of the training differs"):
        read_system("cascade", [*cascade, wrong])
