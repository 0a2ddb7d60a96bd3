"""Translate texts of test sets by an mBART-50: what was said, or what a recogniser wrote of it.

Both are systems to stand beside translators of speech, and are scored as these ('espnet-av score'):

    translate --config conf/decode.yaml --model downloads/mbart50 --target_lang en \
        --sets dump/test --of exp/asr/decode exp/cascade/decode

Without `--of` the transcripts are translated: what a cascade could reach at best.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from espnet_av.command import add_config, device_of, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.errors import ConfigError
from espnet_av.search.decode_config import DecodeConfig

_MAX_TOKENS = 200


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("translate", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(parser, "beam_size, length_penalty, and -n of maxlenratio for n tokens")
    parser.add_argument("--model", type=Path, required=True, help="folder of Hugging Face")
    parser.add_argument("--target_lang", required=True, help="language to write")
    parser.add_argument(
        "--used_as",
        nargs="+",
        default=[],
        metavar="LANG=LANG",
        help="languages without a code in mBART-50, and what they are taken for: ca=es cy=en",
    )
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="dumps of test sets")
    parser.add_argument("--of", type=Path, help="results of a recogniser; none: transcripts")
    parser.add_argument("--ngpu", type=int, default=0, choices=[0, 1], help="0: CPU")
    parser.add_argument("out_dir", type=Path, help="results, for the score stage")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Translate all sets."""
    args = get_parser().parse_args(arguments)
    with user_errors("translate"):
        # Torch and transformers: --help does without.
        from espnet_av.predict.translated import translate_set
        from espnet_av.text_models.translator import Translator

        config = load_config(DecodeConfig, args.config, args.override)
        used_as, device = _pairs(args.used_as), device_of(args.ngpu)
        translator = Translator(args.model, device, used_as)
        translate = partial(
            translator.translate,
            beam_size=config.beam_size,
            length_penalty=config.length_penalty,
            max_tokens=-int(config.maxlenratio) if config.maxlenratio < 0 else _MAX_TOKENS,
        )
        told = {"model": args.model, "used_as": used_as, "device": device}
        told["num_parameters"] = translator.num_parameters
        for dump_dir in args.sets:
            made = translate_set(
                dump_dir, args.of, args.out_dir, translate, args.target_lang, config, told
            )
            print(f"{dump_dir} -> {args.out_dir}/{dump_dir.name}: {len(made)} conditions")


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """`ca=es` as languages.

    Raises:
        ConfigError: a word is none.
    """
    for word in words:
        if word.count("=") != 1 or not all(word.split("=")):
            msg = f"--used_as {word}: expected <language>=<language>, as in ca=es"
            raise ConfigError(msg)
    return dict(word.split("=") for word in words)


if __name__ == "__main__":
    main()
