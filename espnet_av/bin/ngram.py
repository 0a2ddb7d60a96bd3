"""Count the training text's tokens into an n-gram for the transducer beam search."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.target import select_langs, target_texts, text_lang
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.provenance import write_provenance
from espnet_av.search.arpa import END, START, vocabulary, write_arpa
from espnet_av.search.witten_bell import witten_bell

LM = "lm.arpa"


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("ngram", __doc__)
    parser.add_argument("--order", type=int, default=4, help="tokens of the longest n-gram")
    parser.add_argument("--target_lang", help="use text.<this>, the translations, instead of text")
    parser.add_argument("--langs", nargs="+", help="only utterances spoken in these languages")
    parser.add_argument("data_dir", type=Path, help="training set")
    parser.add_argument("token_dir", type=Path, help="output of the tokens stage")
    parser.add_argument("lm_dir", type=Path, help=f"gets {LM}, the lm_file of decode.yaml")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the n-grams of a training set."""
    args = get_parser().parse_args(arguments)
    with user_errors("ngram"):
        data = select_langs(read_data_dir(args.data_dir), args.langs)
        tokenizer = Tokenizer.load(args.token_dir)
        texts = [
            tokenizer.encode(text, text_lang(data, utt_id, args.target_lang))
            for utt_id, text in target_texts(data, args.target_lang).items()
        ]
        ids = vocabulary(tokenizer.tokens)
        words = [index for word, index in ids.items() if word not in (START, END)]
        grams = witten_bell(texts, args.order, tokens=words, start=ids[START], end=ids[END])
        args.lm_dir.mkdir(parents=True, exist_ok=True)
        write_arpa(args.lm_dir / LM, grams, ids)
        write_provenance(args.lm_dir)
    sizes = ", ".join(f"{len(table)} {order}-grams" for order, table in enumerate(grams, 1))
    print(f"{args.data_dir} + {args.token_dir} -> {args.lm_dir / LM}: {sizes}")


if __name__ == "__main__":
    main()
