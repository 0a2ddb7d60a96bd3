r"""Weights of Hugging Face, fairseq or ESPnet -> an experiment of ours, or back to Hugging Face.

IN is a model folder of Hugging Face, a file of it, a checkpoint of fairseq, of FaST-VGS or
VG-HuBERT a folder with best_bundle.pth and args.pkl, or of ESPnet's ASR recipes an experiment
folder or the zip it was packed in; with `--to hf` it is an experiment of ours. OUT can be trained
further (`init_param`), decoded with, or give features for units. Nothing in a foreign checkpoint is
run. What became of every weight is in OUT/conversion.txt. An earlier conversion in OUT is replaced
if nothing else was put there.

    convert --family xlsr wav2vec2-xls-r-300m exp/xlsr_300m
    convert --family fast_vgs fast-vgs-plus_coco exp/fast_vgs_plus
    convert --family xlsr --to xlavsr --visual large_vox_iter5.pt xlsr2_300m.pt exp/xlavsr_start

Of mBART-50 (`--family mbart`) OUT has the decoder, to start a model that translates from, and its
tokens; OUT/decoder.yaml says what to write into `model_conf`.

A recogniser of ESPnet (Conformer or E-Branchformer; CTC, attention, transducer) keeps its outputs
and its tokens. OUT/train_av.yaml is the same with lips, which add nothing at first. In a recipe:

    convert --family espnet_asr ../asr1/exp/asr_train_conformer exp/espnet_asr
    ./run.sh --finetune_from exp/espnet_asr --train_config exp/espnet_asr/train_av.yaml \
        --token_dir exp/espnet_asr/tokens --skip_stages 8 --system ""
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.exchange.request import ESPNET, FAMILIES, MBART, ConversionRequest


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("convert", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--family", choices=FAMILIES, required=True, help="what IN is")
    parser.add_argument(
        "--to", choices=["ours", "hf", "xlavsr"], default="ours", help="what OUT will be"
    )
    parser.add_argument(
        "--frame_rate", type=int, choices=[25, 50], help="of XLAVS-R, in Hz; none: 50"
    )
    parser.add_argument("--visual", type=Path, help="AV-HuBERT whose ResNet XLAVS-R starts with")
    parser.add_argument("--num_units", type=int, help="units of a head that IN does not have")
    parser.add_argument(
        "--checkpoint", help=f"of {ESPNET} or --to hf, file in IN; none: the averaged model"
    )
    parser.add_argument(
        "--bpe_model", type=Path, help=f"of {ESPNET} and {MBART}, if it is not where it should be"
    )
    parser.add_argument("source", metavar="IN", type=Path, help="file or folder to read")
    parser.add_argument("out_dir", metavar="OUT", type=Path, help="folder to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert, and print the report."""
    options = get_parser().parse_args(arguments)
    with user_errors("convert"):
        text = _convert(ConversionRequest(**vars(options)))
    print(f"{options.source} -> {options.out_dir}\n{text}")


def _convert(request: ConversionRequest) -> str:
    # Torch and ESPnet: --help does without.
    from espnet_av.exchange.foreign_experiment import write_ours
    from espnet_av.exchange.hugging_face import write_hugging_face
    from espnet_av.exchange.mbart import write_mbart

    if request.to == "hf":
        return write_hugging_face(request)
    return write_mbart(request) if request.family == MBART else write_ours(request)


if __name__ == "__main__":
    main()
