"""av.sh: names that cannot work, what was stopped while it was redone, inputs that were edited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from av_recipe import make_recipe, run, verbs


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return make_recipe(tmp_path)


NAMED = [
    "datadir", "dumpdir", "expdir", "train_set", "tag", "token_dir", "train_config", "noise_config",
    "decode_config", "decode_model", "units_from",
]  # fmt: skip


@pytest.mark.parametrize("option", NAMED)
def test_white_space_is_refused_before_anything_runs(recipe: Path, option: str) -> None:
    """It would be taken for two words; in --dumpdir that showed in stage 9."""
    code, out, started = run(recipe, f"--{option}", "my disk/x")
    assert code == 1 and started == []
    assert f"--{option} 'my disk/x': white space" in out and "ln -s" in out
    assert not (recipe / "data").exists()


@pytest.mark.parametrize(
    "value", ["a\tb", "a\nb", "a'b", 'a"b', "a$b", "a*", "a?", "a[1]", "a;b", "a&b", "JOBS", "a%sb"]
)
def test_so_is_what_shells_take_for_something_else(recipe: Path, value: str) -> None:
    code, out, started = run(recipe, "--dumpdir", value)
    assert (code, started) == (1, [])
    assert "--dumpdir" in out and "choose another name" in out


def test_cure_of_white_space_works(recipe: Path) -> None:
    (recipe / "my disk").mkdir()
    (recipe / "disk").symlink_to("my disk")
    code, out, _ = run(recipe, "--dumpdir", "disk/dump", "--expdir", "größe/exp-1.5_b=2+@")
    assert code == 0, out
    assert (recipe / "my disk/dump/test/.done").is_file()


def test_clone_and_corpus_in_folders_with_white_space(recipe: Path) -> None:
    project = recipe.parents[2]
    moved = project.with_name("my new project")
    project.rename(moved)
    folder = moved / "egs2/toy/avsr1"
    data = folder / "local/data.sh"
    data.write_text(data.read_text() + 'echo "root $GRID" >>"$CALLS"\n', encoding="utf-8")
    code, out, started = run(folder, GRID="/my corpora/grid one", MUSAN="/my corpora/musan")
    assert code == 0, out
    assert "root /my corpora/grid one" in started
    assert any("--musan_dir /my corpora/musan dump/train" in line for line in started)
    assert run(folder, GRID="/my corpora/grid one", MUSAN="/my corpora/musan")[2] == []


def test_name_that_is_too_long(recipe: Path) -> None:
    many = " ".join(f"--override optim_conf.value{i}=0.000{i}" for i in range(12))
    code, out, started = run(recipe, "--train_args", many)
    assert (code, started) == (1, [])
    assert "is too long for the name of a file; give a shorter --tag" in out
    assert run(recipe, "--stage", "9", "--train_args", many, "--tag", "short")[0] == 0


def test_stage_that_was_stopped_while_it_was_redone(recipe: Path) -> None:
    """What is half redone is not up to date when the edit is taken back."""
    run(recipe)
    config = recipe / "conf/dump.yaml"
    before = config.read_text()
    config.write_text("max_duration: 9\n", encoding="utf-8")
    assert run(recipe, FAIL="dump")[0] == 1
    config.write_text(before, encoding="utf-8")
    # What follows does not take it for whole either.
    code, out, started = run(recipe, "--stage", "8")
    assert (code, started) == (1, [])
    assert re.search(r"dump/\w+: begun and not finished; run the stage", out)
    code, out, started = run(recipe)
    assert code == 0, out
    assert verbs(started) == ["dump"]
    assert run(recipe)[2] == []
    assert not list(recipe.rglob(".begun*"))


def test_half_of_a_decoding_is_not_scored(recipe: Path) -> None:
    assert run(recipe, FAIL="decode")[0] == 1
    code, out, started = run(recipe, "--stage", "11")
    assert (code, started) == (1, [])
    assert "exp/avsr_char/decode: begun and not finished; run the stage" in out
    assert verbs(run(recipe)[2]) == ["decode", "score", "pack"]


def test_model_may_be_decoded_while_it_trains(recipe: Path) -> None:
    run(recipe, "--stop_stage", "8")
    assert run(recipe, FAIL="train")[0] == 1
    assert verbs(run(recipe, "--stage", "10", "--stop_stage", "10")[2]) == ["decode"]


@pytest.mark.parametrize(
    ("options", "config", "args"),
    [
        ("--stage 9 --stop_stage 9", "train_avsr", "--train_args"),
        ("--stage 4 --stop_stage 4 --ssl_config conf/ssl.yaml", "ssl", "--ssl_args"),
        ("--stage 6 --stop_stage 6 --avssl_config conf/avssl.yaml", "avssl", "--avssl_args"),
    ],
)
def test_changed_noise_trains_again_where_it_is_heard(
    recipe: Path, options: str, config: str, args: str
) -> None:
    assert run(recipe, "--stop_stage", "3")[0] == 0
    noise = recipe / "dump/noise/.done"
    heard = ["noise_prob: 0.5", "dataset: {noise_prob: .25, a: 1}"]
    unheard = ["a: 1", "dataset: {noise_prob: 0.0, a: 1}"]
    for number, text in enumerate([*heard, *unheard]):
        (recipe / f"conf/{config}.yaml").write_text(text + "\n", encoding="utf-8")
        run(recipe, *options.split())
        noise.write_text(f"other {number}\n", encoding="utf-8")
        assert bool(run(recipe, *options.split())[2]) == (text in heard), text
    more = [*options.split(), args, "--override dataset.noise_prob=0.3", "--tag", "x"]
    run(recipe, *more)
    noise.write_text("another\n", encoding="utf-8")
    assert run(recipe, *more)[2] != []
    assert run(recipe, *more)[2] == []


@pytest.mark.parametrize("table", ["utt2lang", "segments", "text.en"])
def test_edited_table_is_dumped_again(recipe: Path, table: str) -> None:
    data = recipe / "local/data.sh"
    data.write_text(
        "#!/usr/bin/env bash\nmkdir -p data/train\n"
        f"[ -f data/train/{table} ] || echo u1 a >data/train/{table}\n",
        encoding="utf-8",
    )
    assert run(recipe)[0] == 0
    assert run(recipe)[2] == []
    (recipe / "data/train" / table).write_text("u1 b\n", encoding="utf-8")
    started = run(recipe)[2]
    assert "dump" in verbs(started) and "train" in verbs(started)
    assert ("roi" in verbs(started)) == (table == "segments")
    assert run(recipe)[2] == []


@pytest.mark.parametrize("table", ["utt2lang", "text"])
def test_edited_table_of_a_dump_is_trained_on_again(recipe: Path, table: str) -> None:
    run(recipe)
    (recipe / "dump/train" / table).write_text("u1 b\n", encoding="utf-8")
    assert verbs(run(recipe)[2])[:4] == ["noise", "tokens", "train", "decode"]


@pytest.mark.parametrize(
    ("options", "stage"),
    [
        ("--system unknown", 9),
        ("--train_config conf/gone.yaml", 9),
        ("--roi_config conf/gone.yaml", 2),
        ("--dump_config conf/gone.yaml", 3),
        ("--noise_config conf/gone.yaml", 3),
        ("--ssl_config conf/gone.yaml", 4),
        ("--avssl_config conf/train_xlavsr.yaml --units_config conf/gone.yaml", 5),
        ("--avssl_config conf/gone.yaml", 6),
        ("--decode_config conf/gone.yaml", 10),
        ("--expected_scores gone.yaml", 11),
        ("--conf gone", 2),
    ],
)
def test_missing_configuration_is_named_before_anything_runs(
    recipe: Path, options: str, stage: int
) -> None:
    for more in ([], ["--dry_run"]):
        code, out, started = run(recipe, *options.split(), *more)
        assert (code, started) == (1, [])
        assert re.search(rf"(gone|train_unknown)\S*: no such file, which stage {stage} reads", out)
    # What is not asked for may be missing.
    if stage > 2:
        code, out, _ = run(recipe, *options.split(), "--dry_run", "--stop_stage", str(stage - 1))
        assert code == 0, out


def test_skipped_stage_needs_no_configuration(recipe: Path) -> None:
    code, out, _ = run(recipe, "--dry_run", "--system", "unknown", "--skip_stages", "8 9")
    assert code == 0, out
    assert "stage 9 finetune: skipped (--skip_stages)" in out


@pytest.mark.parametrize("option", ["datadir", "dumpdir", "expdir", "train_set"])
def test_empty_folders_are_refused(recipe: Path, option: str) -> None:
    """`--dumpdir ""` would write into the root of the file system."""
    code, out, started = run(recipe, f"--{option}", "")
    assert (code, started) == (1, [])
    assert f"--{option} may not be empty" in out


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("test_sets", "test noise", "'noise': a folder of that name"),
        ("train_set", "roi", "'roi': a folder of that name"),
        ("ssl_sets", "train units", "'units': a folder of that name"),
        ("test_sets", "test a*b", "sets are names of folders"),
        ("test_sets", "test sub/dev", "sets are names of folders"),
        ("babble_sets", "test -x", "sets are names of folders"),
        ("dumpdir", "-x", "- at its start"),
    ],
)
def test_sets_that_cannot_be_folders_are_refused(
    recipe: Path, option: str, value: str, words: str
) -> None:
    code, out, started = run(recipe, f"--{option}", value)
    assert (code, started) == (1, [])
    assert words in out


def test_clone_in_a_folder_that_path_cannot_hold(recipe: Path) -> None:
    project = recipe.parents[2]
    moved = project.with_name("a:b")
    project.rename(moved)
    code, out, started = run(moved / "egs2/toy/avsr1")
    assert (code, started) == (1, [])
    assert "a:b: PATH cannot hold a ':'; rename the folder" in out
