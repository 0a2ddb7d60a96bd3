"""Stage 1, data: read a corpus as it lies on disk and write Kaldi-style data dirs."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from espnet_av.command import user_errors
from espnet_av.config import build, parse_value
from espnet_av.corpora import CORPORA, load_prepare


def get_parser() -> argparse.ArgumentParser:
    """Options of the program; each corpus has its own besides."""
    parser = argparse.ArgumentParser(
        prog="espnet-av prepare",
        description=__doc__,
        epilog="prepare <corpus> --help: its folders and options",
        add_help=False,
    )
    parser.add_argument("corpus", nargs="?", help=", ".join(sorted(CORPORA)))
    parser.add_argument("-h", "--help", action="store_true", help="show this, or a corpus's help")
    return parser


def corpus_parser(name: str, prepare: Callable[..., Any]) -> argparse.ArgumentParser:
    """Options of one corpus, read from its function: folders in order, then `--name value`."""
    parser = argparse.ArgumentParser(
        prog=f"espnet-av prepare {name}",
        description=inspect.getdoc(prepare),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    folders, options = split_parameters(prepare)
    for parameter in folders:
        parser.add_argument(parameter.name)
    for parameter in options:
        parser.add_argument(f"--{parameter.name}", help=f"default: {parameter.default}")
    return parser


def split_parameters(
    prepare: Callable[..., Any],
) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """Folders (positional) and options (keyword-only, each with a default) of a corpus function."""
    parameters = list(inspect.signature(prepare).parameters.values())
    options = [item for item in parameters if item.kind is inspect.Parameter.KEYWORD_ONLY]
    return [item for item in parameters if item not in options], options


def typed_options(prepare: Callable[..., Any], given: dict[str, str]) -> dict[str, Any]:
    """Turn option texts into the types of the function's keyword arguments, as YAML values are.

    Raises:
        ConfigError: a text that does not fit its type.
    """
    hints = get_type_hints(prepare, include_extras=True)
    fields = [
        (item.name, hints[item.name], dataclasses.field(default=None))
        for item in split_parameters(prepare)[1]
    ]
    options = dataclasses.make_dataclass("Options", fields, frozen=True, kw_only=True)
    values = {name: parse_value(text, f"--{name}") for name, text in given.items()}
    typed: Any = build(options, values, "prepare")
    return {name: getattr(typed, name) for name in given}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare one corpus."""
    args, rest = get_parser().parse_known_args(arguments)
    if args.corpus is None:
        get_parser().print_help()
        sys.exit(0 if args.help else 2)
    with user_errors("prepare"):
        prepare = load_prepare(args.corpus)
        parser = corpus_parser(args.corpus, prepare)
        given = vars(parser.parse_args(["--help"] if args.help else rest))
        folders = [given.pop(item.name) for item in split_parameters(prepare)[0]]
        texts = {name: text for name, text in given.items() if text is not None}
        counts = prepare(*folders, **typed_options(prepare, texts))
    if isinstance(counts, dict):
        sizes = ", ".join(f"{name} {count}" for name, count in counts.items())
        print(f"{args.corpus} -> {folders[-1]}: {sizes}")


if __name__ == "__main__":
    main()
