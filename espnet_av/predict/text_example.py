"""What a recogniser saw and thought of one utterance, for a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.batch import Sample, collate
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.predict.recognition import Recognition


@torch.inference_mode()
def write_example(
    path: Path,
    model: Any,
    sample: Sample,
    result: Recognition,
    tokenizer: Tokenizer,
    *,
    device: torch.device | str = "cpu",
) -> None:
    """Write what a model saw and thought of one utterance.

    Arrays in the file: `utt_id`; `text`; `tokens` (L,) names of the recognised tokens; and, where
    there are such, `probabilities` (T, L + 1) of the CTC for the blank and then each token;
    `attention` (L + 1, T) of the decoder's last layer, mean over heads, for each token and the
    end; `speech` (S,) float32 at 16 kHz; `video` (V, H, W) uint8 at 25 Hz.

    Args:
        path: file to write.
        model: in eval mode, on `device`.
        sample: the utterance as the dataset gives it.
        result: what was recognised in it.
        tokenizer: names the tokens.
        device: where the model is.
    """
    batch = collate([sample]).to(device)
    encoded = model.encode(batch.speech, batch.speech_lengths, batch.video, batch.video_lengths)
    best = result.hypotheses[0].tokens if result.hypotheses else []
    tokens = [token for token in best if token not in (model.blank_id, model.eos)]
    arrays: dict[str, Any] = {
        "utt_id": sample.utt_id,
        "text": (result.texts or [""])[0],
        "tokens": np.array([tokenizer.tokens[token] for token in tokens], dtype=str),
    }
    if model.ctc is not None:
        probabilities = model.ctc.log_softmax(encoded.out)[0].exp()
        arrays["probabilities"] = probabilities[:, [model.blank_id, *tokens]].float().cpu().numpy()
    if model.decoder is not None:
        arrays["attention"] = _attention(model, encoded, tokens)
    if sample.speech is not None:
        arrays["speech"] = sample.speech
    if sample.video is not None:
        arrays["video"] = sample.video
    np.savez_compressed(path, **arrays)


def _attention(model: Any, encoded: Any, tokens: list[int]) -> np.ndarray:
    """(L + 1, T) cross attention of the last layer while it reads the recognised tokens."""
    given = torch.tensor([[model.sos, *tokens]], device=encoded.out.device)
    length = torch.tensor([given.size(1)])
    model.decoder(encoded.out, encoded.lengths.cpu(), given, length)
    # ESPnet's attention keeps its last weights: (1, heads, L + 1, T).
    weights = model.decoder.decoders[-1].src_attn.attn
    return weights[0].mean(dim=0).float().cpu().numpy()
