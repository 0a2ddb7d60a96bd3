"""A transducer from its experiment folder to recognised texts with word times."""

import json

import numpy as np
import pytest
import torch
from oracles.tiny_run import TINY_CONFIG, write_tiny_dump

from espnet_av.bin import decode, ngram
from espnet_av.config import build, save_yaml
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import build_model, default_checkpoint


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Folders `exp` and `dump/test` of an untrained model."""
    root = tmp_path_factory.mktemp("transducer")
    texts = write_tiny_dump(root / "dump" / "test", 4, seed=1)
    tokenizer = train_tokenizer(texts, root / "exp" / "tokens", "char", 0)
    sizes = {"ctc_weight": 0.0, "joint_size": 8, "predictor_conf": {"hidden_size": 8}}
    conf = {**TINY_CONFIG["model_conf"], **sizes}
    config = build(TrainConfig, {**TINY_CONFIG, "model": "transducer", "model_conf": conf})
    save_yaml(config, root / "exp" / "config.yaml")
    torch.manual_seed(0)
    model = build_model(config, tokenizer)
    with torch.no_grad():
        model.joiner.lin_out.weight.mul_(8.0)
    torch.save(model.state_dict(), root / "exp" / default_checkpoint(config))
    return root


def run(root, out, *options):
    (root / "decode.yaml").write_text("method: transducer_beam\nbeam_size: 3\nnbest: 2\n")
    arguments = ["--config", str(root / "decode.yaml"), "--exp_dir", str(root / "exp")]
    arguments += ["--sets", str(root / "dump" / "test"), "--modes", "AV"]
    decode.main([str(out), *arguments, *options])
    folder = out / "test" / "AV_clean"
    return folder, [json.loads(line) for line in (folder / "nbest.jsonl").open()]


@pytest.mark.parametrize("method", ["transducer_greedy", "transducer_beam"])
def test_texts_have_the_times_of_their_paths(root, tmp_path, method):
    folder, records = run(root, tmp_path, "--override", f"method={method}")
    assert len(records) == 4
    assert any(record["words"] for record in records)
    for record in records:
        best = record["nbest"][0]
        assert len(record["nbest"]) == (2 if method == "transducer_beam" else 1)
        assert len(best["frames"]) == len(best["tokens"]) == len(best["probabilities"])
        assert all(0 <= frame < record["frames"] for frame in best["frames"])
        if record["words"]:
            assert record["words"][-1]["end"] == pytest.approx((best["frames"][-1] + 1) / 25)
    example = np.load(folder / "example.npz")
    assert "speech" in example and "attention" not in example and "probabilities" not in example


def test_batches_change_nothing_and_a_language_model_does(root, tmp_path, monkeypatch):
    _, records = run(root, tmp_path / "a")
    _, alone = run(root, tmp_path / "b", "--override", "batch_frames=1")
    for one, other in zip(records, alone, strict=True):
        for left, right in zip(one["nbest"], other["nbest"], strict=True):
            assert (left["tokens"], left["frames"]) == (right["tokens"], right["frames"])
            assert left["score"] == pytest.approx(right["score"], abs=1e-4)
    tokens = root / "exp" / "tokens"
    ngram.main(["--order", "3", str(root / "dump" / "test"), str(tokens), str(tmp_path / "lm")])
    lm = ["--override", f"lm_file={tmp_path / 'lm' / 'lm.arpa'}", "--override", "lm_weight=3"]
    read, real = [], NGramLM.read
    monkeypatch.setattr(NGramLM, "read", lambda *given: read.append(given) or real(*given))
    _, fused = run(root, tmp_path / "c", *lm, "--modes", "A", "AV")
    assert len(read) == 1, "once for all conditions"
    assert all("lm" in record["nbest"][0]["parts"] for record in fused)
    texts = [[record["nbest"][0]["text"] for record in found] for found in (records, fused)]
    assert texts[0] != texts[1]


def test_other_searches_are_refused_by_name(root, tmp_path):
    with pytest.raises(SystemExit, match="use 'method: transducer_beam'"):
        run(root, tmp_path, "--override", "method=ctc_prefix")
