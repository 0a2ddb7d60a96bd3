"""What is trained and tested, all names being known: the options and the list both become these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TrainingKind = Literal["ssl", "avssl", "mid", "finetune"]
"""The stage that a training belongs to."""
_ODD = re.compile(rb"[^A-Za-z0-9.=-]")


@dataclass(frozen=True, kw_only=True)
class Units:
    """Frame labels that a training learns."""

    out: str
    """Their folder."""
    config: str
    """How they are made; empty: they are not."""
    source: str
    """Experiment whose features are clustered; empty: MFCC."""
    layer: int | None = None
    """Layer of it, in place of that of the configuration."""
    codebook: str = ""
    """Folder of units whose centres are taken; empty: new ones are fitted."""
    fitted_on: str = ""
    """Set that they were fitted on; empty: what the training learns from."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A tokenizer and what its text is."""

    out: str
    """Its folder."""
    train_set: str
    """Set whose text it is made of."""
    kind: str
    """char, word, unigram or bpe."""
    nbpe: int
    """Vocabulary size of unigram and bpe."""
    args: tuple[str, ...] = ()
    """More options of bin.tokens."""
    langs: tuple[str, ...] = ()
    """Only what is spoken in these; none: all."""
    target_lang: str = ""
    """Language of the text; empty: transcripts."""
    unit_parts: int = 1
    """Frame labels that a word or phone of the ctm is cut into."""
    is_taken: bool = False
    """Whether they are there and no stage makes them."""

    @property
    def mark(self) -> str:
        """File by which they are known."""
        return f"{self.out}/{'tokens.txt' if self.is_taken else '.done'}"


@dataclass(frozen=True, kw_only=True)
class Test:
    """A decoding of some sets, and its scores."""

    out: str
    """Folder of the results."""
    config: str
    """How it is decoded."""
    args: str
    """More options of bin.decode."""
    sets: tuple[str, ...]
    """Test sets."""
    modes: tuple[str, ...]
    """A, V, AV."""
    noises: tuple[str, ...]
    """clean, or category:dB."""
    missing_video: tuple[str, ...]
    """Also with less video."""
    checkpoint: str
    """Weights in the experiment; empty: the average."""
    expected: str
    """Targets; empty: none."""
    system: str
    """Row of published tables; empty: none."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training, and what is made for it and of it."""

    kind: TrainingKind
    """Its stage."""
    out: str
    """Its folder; empty: there is none."""
    config: str
    """What is trained; empty: nothing, the stage is skipped."""
    args: str = ""
    """More options of bin.train, as one writes them."""
    start: str = ""
    """Experiment whose weights it starts from; empty: random ones."""
    upstream: str = ""
    """Experiment whose model its own has below it, frozen; empty: none."""
    states: str = ""
    """Folder of what that makes of the sets, stored once; empty: it is computed at every step."""
    choices: tuple[str, ...] = ()
    """Experiments of which this is the one that is best on the validation set; none: it is trained
    itself."""
    parts: tuple[str, ...] = ()
    """Files of weights that it starts from besides."""
    train_set: str
    """What it learns from."""
    valid_set: str
    """What it is validated with."""
    units: Units | None = None
    """Frame labels, of pre-training."""
    tokens: Tokens | None = None
    """Text, of what writes text."""
    tests: tuple[Test, ...] = ()
    """How it is tested."""
    about: str = ""
    """Words about it, as `, round 1 of 2`."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Texts that are translated by a model of texts, and their scores."""

    name: str
    """With the seed of what wrote the texts."""
    model: str
    """Folder of the translator."""
    target_lang: str
    """Language that it writes."""
    source: str
    """Results whose texts are translated; empty: transcripts."""
    args: str
    """More options of bin.translate."""
    test: Test
    """Sets, search, targets; `out` is where translations go."""


@dataclass(frozen=True, kw_only=True)
class ComparisonTable:
    """Several experiments over seeds, compared."""

    out: str
    """Markdown file."""
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """Title of a row, of a gap also what it learned, of crossed choices both, and the scores of its
    seeds."""
    program: str = "compare"
    """What makes it."""
    options: tuple[str, ...] = ()
    """More options of the program."""


def states_of(experiment: Experiment, name: str) -> str:
    """Data dir with the stored states of a set."""
    return f"{experiment.states}/{name}/A_clean"


def odd_replaced(text: str) -> str:
    """A text as part of a name of a file."""
    return _ODD.sub(b"_", text.encode()).decode()


def experiment_name(config: str, args: str) -> str:
    """`conf/train_avsr.yaml`, `--override a=1` -> `avsr_a=1`."""
    told = args.replace("--override ", "")
    name = file_stem(config) + (f"_{told}" if told else "")
    return odd_replaced(name.removeprefix("train_"))


def file_stem(path: str) -> str:
    """`conf/decode.yaml` -> `decode`."""
    return base_name(path).removesuffix(".yaml")


def base_name(path: str) -> str:
    """Last part of a path, be a / behind it or not."""
    return path.rstrip("/").rpartition("/")[2]
