"""The example that recognition leaves: arrays of the right frames and tokens."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from espnet_av.data.batch import Sample
from espnet_av.predict.example import read_example
from espnet_av.predict.recognition import Recognition
from espnet_av.predict.text_example import write_example
from espnet_av.search.hypothesis import Hypothesis

TOKENIZER: Any = SimpleNamespace(tokens=["<blank>", "a", "b", "c", "<sos/eos>"])
LOG_PROBS = torch.log_softmax(torch.randn(1, 6, 5, generator=torch.Generator().manual_seed(0)), -1)
SPEECH = np.linspace(-0.5, 0.5, 6 * 640, dtype=np.float32)
VIDEO = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)


class Decoder:
    """Keeps attention weights (1, heads, L + 1, T), as ESPnet's does, and what it was given."""

    def __init__(self) -> None:
        layer = SimpleNamespace(src_attn=SimpleNamespace(attn=None))
        self.decoders = [SimpleNamespace(), layer]
        self.given: list[int] = []

    def __call__(self, out: Any, lengths: Any, given: Any, length: Any) -> None:
        assert (out.shape, lengths.tolist(), length.tolist()) == ((1, 6, 5), [6], [given.size(1)])
        self.given = given[0].tolist()
        heads = torch.tensor([0.0, 1.0])[None, :, None, None]
        rows = torch.arange(given.size(1) * 6.0).reshape(1, 1, -1, 6)
        self.decoders[-1].src_attn.attn = heads * rows


def model(ctc: bool = True, decoder: Decoder | None = None) -> Any:
    def encode(speech: Any, speech_lengths: Any, video: Any, video_lengths: Any) -> Any:
        assert speech is None or speech_lengths.tolist() == [6 * 640]
        return SimpleNamespace(out=LOG_PROBS, lengths=torch.tensor([6]))

    layer = SimpleNamespace(log_softmax=lambda out: out) if ctc else None
    return SimpleNamespace(encode=encode, ctc=layer, decoder=decoder, blank_id=0, eos=4, sos=4)


def result(tokens: list[int] | None) -> Recognition:
    best = [] if tokens is None else [Hypothesis(tokens=tokens, score=0.0, parts={})]
    texts = [] if tokens is None else ["a c"]
    return Recognition(utt_id="u", hypotheses=best, texts=texts, words=None, num_frames=6)


def written(path: Path, model: Any, tokens: list[int] | None, **fields: Any) -> dict[str, Any]:
    write_example(path, model, Sample(utt_id="u", **fields), result(tokens), TOKENIZER)
    return read_example(path)


def test_everything_of_a_model_with_ctc_and_attention(tmp_path: Path) -> None:
    decoder = Decoder()
    found = written(
        tmp_path / "x.npz", model(decoder=decoder), [1, 3, 4], speech=SPEECH, video=VIDEO
    )
    assert (str(found["utt_id"]), str(found["text"])) == ("u", "a c")
    assert found["tokens"].tolist() == ["a", "c"], "neither blank nor end"
    expected = LOG_PROBS[0].exp()[:, [0, 1, 3]].numpy()
    assert found["probabilities"] == pytest.approx(expected)
    assert decoder.given == [4, 1, 3]
    # The mean of two heads, of which one looks nowhere; a row for each token and the end.
    assert found["attention"] == pytest.approx(np.arange(18.0).reshape(3, 6) / 2)
    assert np.array_equal(found["speech"], SPEECH) and np.array_equal(found["video"], VIDEO)


def test_what_there_is_not_is_left_out(tmp_path: Path) -> None:
    found = written(tmp_path / "x.npz", model(ctc=False), [1], video=VIDEO)
    assert set(found) == {"utt_id", "text", "tokens", "video"}
    assert set(written(tmp_path / "y.npz", model(), [1], speech=SPEECH)) == {
        "utt_id", "text", "tokens", "probabilities", "speech",
    }  # fmt: skip


def test_nothing_recognised(tmp_path: Path) -> None:
    found = written(tmp_path / "x.npz", model(decoder=Decoder()), None, speech=SPEECH)
    assert (str(found["text"]), found["tokens"].tolist()) == ("", [])
    assert found["probabilities"].shape == (6, 1) and found["attention"].shape == (1, 6)
