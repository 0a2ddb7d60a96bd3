"""Pre-training on sound and film through the programs, and a recogniser that starts from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from oracles.pretraining_run import train_arguments
from oracles.tiny_run import write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.data.ark import ArkWriter, read_array
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.film import film_of
from espnet_av.data.lengths import num_frames
from espnet_av.data.table import read_table
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.train.loading import load_experiment

CONF = Path(__file__).resolve().parents[3] / "egs2/librispeech/asr1/conf/tiny"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Sound, text, and films of two sizes; the first utterance of each set has no film."""
    root = tmp_path_factory.mktemp("multistage")
    generator = np.random.default_rng(0)
    for name, count in (("train", 8), ("valid", 4)):
        dump = root / "dump" / name
        write_tiny_dump(dump, count, seed=len(name))
        data = read_data_dir(dump)
        tables = {key: dict(rows) for key, rows in data.tables.items()}
        with ArkWriter(dump / "film.ark") as ark:
            tables["film.scp"] = {}
            for number, utt_id in enumerate(data.utt_ids[1:]):
                frames = generator.integers(0, 255, (9, 40, 48 + 8 * (number % 2), 3), np.uint8)
                film = film_of(frames, 12.5)
                row = ark.write_film(utt_id, film.payload(), film.seconds)
                tables["film.scp"][utt_id] = row
        write_data_dir(dump, tables)
    (root / "decode.yaml").write_text("method: ctc_greedy\n")
    return root


def train(folders, name, exp, *override):
    options = train_arguments(folders, CONF / f"train_{name}.yaml", units=False)
    changes = ["max_steps=2", "valid_interval_steps=1", "log_interval_steps=1", *override]
    for change in [*changes, "dataset.max_dropped_ratio=0.2"]:
        options += ["--override", change]
    return train_bin.main([*options, str(exp)])


@pytest.mark.timeout(120)
def test_pre_training_and_what_starts_from_it(folders, tmp_path):
    first, second = tmp_path / "av_mae", tmp_path / "asr"
    assert train(folders, "av_mae", first) == 0
    log = (first / "train.log").read_text()
    assert "7 training utterances (1 left out), 3 for validation" in log
    for name in ("speech_of_mean", "film_of_mean", "clr_of_chance", "masked_film", "loss_mae"):
        assert f"{name}" in log
    trained = load_experiment(first)[0].state_dict()
    texts = read_data_dir(folders / "dump/train").tables["text"].values()
    train_tokenizer(texts, folders / "tokens", "char", 0)
    options = train_arguments(folders, CONF / "train_asr_ctc.yaml", units=False)
    options += ["--token_dir", str(folders / "tokens")]
    for change in (f"init_param=['{first}']", "max_steps=1", "optim_conf.lr=0.0"):
        options += ["--override", change]
    assert train_bin.main([*options, str(second)]) == 0, (second / "train.log").read_text()
    assert " 0 of another shape" in (second / "train.log").read_text()
    state = load_experiment(second)[0].state_dict()
    parts = ("frontend.", "encoder.")
    moved = [n for n in state if n.startswith(parts) and "norm.running" not in n]
    moved = [n for n in moved if not n.endswith("num_batches_tracked")]
    assert all(torch.equal(state[name], trained[name]) for name in moved)
    assert set(moved) <= trained.keys()


@pytest.mark.timeout(120)
def test_films_without_sound_are_decoded_to_vectors(folders, tmp_path):
    """A set with sound and films has both vectors, one of films alone those of the films."""
    exp = tmp_path / "clr"
    assert train(folders, "av_mae", exp, "model_conf.losses=clr") == 0
    whole = folders / "dump/valid"
    data = read_data_dir(whole)
    pointers = {u: data.locate("film.scp", u) for u in data.utt_ids[1:]}
    alone = tmp_path / "films"
    # Frames are spread over the same time.
    kept = {
        "utt2spk": dict.fromkeys(pointers, "s"),
        "utt2num_frames": {u: str(num_frames(data, u)) for u in pointers},
    }
    write_data_dir(alone, {"film.scp": pointers, **kept})
    seen = data.subset(list(pointers))
    write_data_dir(tmp_path / "both", {
        name: {u: seen.locate(name, u) if name.endswith("scp") else v for u, v in rows.items()}
        for name, rows in seen.tables.items()
    })  # fmt: skip
    out = tmp_path / "vectors"
    options = ["--exp_dir", str(exp), "--kind", "vector", "--modes", "A", "--noises", "clean"]
    options += ["--sets", str(alone), str(tmp_path / "both"), "--ngpu", "0", str(out)]
    decode_bin.main(["--config", str(folders / "decode.yaml"), *options])
    assert not (out / "films/V_clean/speech.scp").exists()
    found = [
        {
            utt_id: read_array(f"{out / folder}/{pointer}", num_axes=1)
            for utt_id, pointer in read_table(out / folder / "film.scp").items()
        }
        for folder in ("films/V_clean", "both/A_clean")
    ]
    assert (out / "both/A_clean/speech.scp").is_file()
    assert found[0].keys() == found[1].keys() == pointers.keys()
    for utt_id, vector in found[0].items():
        assert np.allclose(vector, found[1][utt_id], atol=2e-3)
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-2)


def test_a_set_without_films_is_refused_before_the_first_step(folders, tmp_path, capsys):
    plain = tmp_path / "dump"
    for name in ("train", "valid"):
        write_tiny_dump(plain / name, 3, seed=1)
    assert train(tmp_path, "av_mae", tmp_path / "exp") != 0
    said = capsys.readouterr().err + (tmp_path / "exp/train.log").read_text()
    assert "film.scp: no such file" in said
