r"""The multilingual gap: scores of models that learned one language or all -> table, picture.

A system is the model's name, what it learned (a language of --sets, or `all`), and the scores.json
of its seeds; ABX, languages and retrieval of one seed may lie in several files:

    gap --sets en=test_en,captions_en fr=test_fr,captions_fr --layer layer12 \
        --without SSL --with_pictures VGS+ \
        --system SSL en exp/hubert_en_s*/abx/scores.json --system SSL fr ... --system SSL all ... \
        --system VGS+ en ... --system VGS+ fr ... --system VGS+ all ... --output results/gap.md
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.command import check_page, stage_parser, user_errors
from espnet_av.errors import ConfigError
from espnet_av.score.gap.gap import NAMES, make_gap
from espnet_av.score.gap.runs import ALL, Question, check_alike, read_trained
from espnet_av.score.gap.table import format_gap


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("gap", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--system", nargs="+", action="append", required=True, metavar=("NAME", "LEARNED"),
        help="model, what it learned, then scores.json of its seeds; given several times",
    )  # fmt: skip
    parser.add_argument(
        "--sets", nargs="+", required=True, metavar="LANG=SET[,SET]", help="test sets"
    )
    parser.add_argument("--layer", required=True, help="of the features, as layer12")
    parser.add_argument("--without", required=True, metavar="NAME", help="model without pictures")
    parser.add_argument("--with_pictures", required=True, metavar="NAME", help="the other one")
    parser.add_argument(
        "--published", nargs="+", default=[], metavar="NAME=PERCENT", help="as y=31.5 w=8.04"
    )
    parser.add_argument("--output", type=Path, help="markdown to write, and a picture beside it")
    return parser


def _pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """`a=b` words.

    Raises:
        ConfigError: one is of another form, or a name is given twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not name or not value or name in found:
            msg = f"{option} {word}: expected NAME=VALUE, each name once"
            raise ConfigError(msg)
        found[name] = value
    return found


def _published(words: Sequence[str]) -> dict[str, float]:
    found = {}
    for name, value in _pairs("--published", words).items():
        try:
            found[name] = float(value)
        except ValueError as error:
            msg = f"--published {name}={value}: a number in percent"
            raise ConfigError(msg) from error
        if name not in NAMES:
            msg = f"--published {name}: choices: {', '.join(NAMES)}"
            raise ConfigError(msg)
    return found


def run(options: argparse.Namespace) -> str:
    """Read, measure, draw; the page.

    Raises:
        ConfigError: systems are missing, or do not belong together.
        DataDirError: scores are missing or broken.
    """
    check_page(options.output)
    sets, published = _pairs("--sets", options.sets), _published(options.published)
    question = Question(sets=sets, layer=options.layer)
    systems = []
    for name, *rest in options.system:
        learned = rest[0] if rest else ""
        if learned not in (*sets, ALL) or len(rest) < 2:
            msg = (
                f"--system {' '.join([name, *rest[:2]])}: expected a name, what it learned (one of "
                f"{', '.join((*sets, ALL))}), then scores.json files"
            )
            raise ConfigError(msg)
        systems.append(read_trained(name, learned, [Path(p) for p in rest[1:]], question))
    check_alike(systems)
    names = (options.without, options.with_pictures)
    gap = make_gap(systems, *names)
    text = format_gap(systems, gap, layer=options.layer, names=names, published=published)
    if options.output is not None:
        from espnet_av.score.gap.plot_gap import plot_gap  # matplotlib

        picture = options.output.with_suffix(".png")
        plot_gap(systems, gap, names, picture)
        with atomic_write(options.output) as stream:
            stream.write(f"{text}\n![errors, gaps and gains]({picture.name})\n")
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page; write it and the picture."""
    options = get_parser().parse_args(arguments)
    with user_errors("gap"):
        text = run(options)
    print(text, end="")


if __name__ == "__main__":
    main()
