"""mBART-50 of Hugging Face -> a decoder to start from, with its tokens."""

from __future__ import annotations

from pathlib import Path

import torch
import yaml

from espnet_av.data.mbart_tokens import save_mbart_tokens
from espnet_av.errors import CheckpointError
from espnet_av.exchange.output_folder import output_folder
from espnet_av.exchange.request import REPORT, ConversionRequest
from espnet_av.models.avsr.mbart import convert_mbart
from espnet_av.models.conversion.foreign_checkpoint import read_foreign_checkpoint
from espnet_av.train.vocabulary import TOKENS

WEIGHTS, CONF = "decoder.pth", "decoder.yaml"
_PIECES = "sentencepiece.bpe.model"


def write_mbart(request: ConversionRequest) -> str:
    """Writes `decoder.pth`, `decoder.yaml` (what goes into `model_conf`), `tokens/`; the report.

    Raises:
        CheckpointError: see `convert_mbart`; or its pieces are not there, or of another model.
    """
    converted = convert_mbart(read_foreign_checkpoint(request.source))
    path = _pieces(request)
    text = converted.report.text()
    with output_folder(request.out_dir) as folder:
        save_mbart_tokens(path.read_bytes(), folder / TOKENS, converted.num_tokens, str(path))
        torch.save(converted.weights, folder / WEIGHTS)
        conf = {"decoder": "fairseq_transformer", "decoder_conf": converted.conf}
        with (folder / CONF).open("w", encoding="utf-8") as stream:
            stream.write(f"# For model_conf; init_param: [{request.out_dir / WEIGHTS}]\n")
            yaml.safe_dump({**conf, "tag_is_given": True}, stream, sort_keys=False)
        report = converted.report.text(every=True)
        (folder / REPORT).write_text(report + "\n", encoding="utf-8")
    return text


def _pieces(request: ConversionRequest) -> Path:
    path = request.bpe_model or request.source / _PIECES
    if not path.is_file():
        msg = (
            f"{path}: no such file, and without it nobody knows which texts the tokens are; "
            f"download {_PIECES} of the same mBART-50 into the folder, or give its place by "
            "--bpe_model"
        )
        raise CheckpointError(msg)
    return path
