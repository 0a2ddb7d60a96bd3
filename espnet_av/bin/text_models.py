"""Train a small text encoder and a small translator from parallel sentences.

They stand in for LaBSE and mBART-50 where these cannot be had, as in mini_av:

    text_models --config conf/texts_models.yaml downloads/corpus/parallel.tsv downloads/texts

writes `teacher/` (for `espnet-av vectors --teacher`, with `pooling: mean`), `mbart/` (for
`espnet-av convert --family mbart` and `espnet-av translate --model`) and `text_models.yaml`: what
they can do.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.command import add_config, stage_parser, user_errors
from espnet_av.config import load_config
from espnet_av.errors import ConfigError
from espnet_av.provenance import write_provenance
from espnet_av.text_models.config import TextModelsConfig
from espnet_av.text_models.parallel import read_parallel


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("text_models", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_config(parser, "sizes and steps")
    parser.add_argument("parallel", type=Path, help="table with a column for each language")
    parser.add_argument("out_dir", type=Path, help="output")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both."""
    args = get_parser().parse_args(arguments)
    with user_errors("text_models"):
        # Torch and transformers: --help does without.
        from espnet_av.text_models.pieces import save_tokenizer, train_pieces
        from espnet_av.text_models.teacher import train_teacher
        from espnet_av.text_models.translator import train_translator

        config = load_config(TextModelsConfig, args.config, args.override)
        parallel = read_parallel(args.parallel)
        num = len(parallel) - config.num_held_out
        absent = sorted(set(config.target_langs) - set(parallel.langs))
        if num < 2 or absent:
            lack = f"no column {', '.join(absent)}" if absent else f"{len(parallel)} sentences"
            msg = f"{args.parallel}: {lack}; it needs the target_langs, and more sentences than "
            raise ConfigError(msg + f"num_held_out {config.num_held_out}")
        shown, held_out = parallel.part(0, num), parallel.part(num, len(parallel))
        texts = [text for column in shown.texts.values() for text in column]
        model = train_pieces(texts, config.num_pieces)
        figures: dict[str, float] = {}
        for name, train in (("teacher", train_teacher), ("mbart", train_translator)):
            folder = args.out_dir / name
            tokenizer = save_tokenizer(model, folder)
            figures |= train(shown, held_out, tokenizer, config, folder)
        told = {name: round(value, 2) for name, value in figures.items()}
        with atomic_write(args.out_dir / "text_models.yaml") as stream:
            yaml.safe_dump({"held_out": told, "num_sentences": num}, stream, sort_keys=False)
        write_provenance(args.out_dir, config)
    print(f"{args.parallel} -> {args.out_dir}: {told}")


if __name__ == "__main__":
    main()
