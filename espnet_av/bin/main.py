"""`espnet-av <verb>`: the one command in front of the stage programs."""

from __future__ import annotations

import importlib.util
import keyword
import os
import runpy
import sys
from difflib import get_close_matches

from espnet_av import __version__
from espnet_av.errors import AVError

VERBS = {
    "prepare": "read a corpus, write Kaldi-style data directories (stage 1)",
    "roi": "find mouths, write mouth clips and a tracking report (stage 2)",
    "images": "features of images, from a detector or of pictures (stage 3)",
    "dump": "filter and pack audio and mouth clips into archives (stage 3)",
    "text_models": "a small text encoder and a small translator from parallel sentences",
    "vectors": "what a text encoder says of each sentence, for distillation (stage 3)",
    "noise": "make the noise bank: babble from the corpus, or noise folders (stage 3)",
    "units": "cluster features, label every frame (stage 5)",
    "tokens": "train the tokenizer (stage 8)",
    "ngram": "count the training text into a language model for transducers",
    "train": "train a model (stage 9)",
    "choose": "the best of several trainings by the validation set (stage 9)",
    "decode": "recognise test sets, each mode and noise (stage 10)",
    "translate": "texts of test sets -> translations: transcripts, or what a recogniser wrote",
    "score": "score hypotheses, write tables and plots (stage 11)",
    "items": "phones of an alignment -> items for ABX errors",
    "abx": "ABX errors of features in files: how well they tell phones apart",
    "compare": "several systems over seeds: one table, differences, a picture",
    "gap": "what learning several languages costs, and what pictures save of it: table, picture",
    "effects": "what two choices are worth that were crossed: table, average effect of each",
    "probes": "frozen models by heads of several tasks on them: table, changes, pictures",
    "tables": "published tables beside what was run here",
    "import": "cuts of lhotse -> a data directory, sound and video",
    "export": "a data directory -> cuts of lhotse",
    "convert": "weights from Hugging Face or fairseq, or to Hugging Face",
    "pack": "put a trained model into one zip (stage 12)",
    "transcribe": "video or audio file -> text, with a packed model",
    "index": "index of dumps by meaning, with a SAMU model",
    "search": "words or a sound -> the nearest utterances of an index",
    "plan": "what a recipe would run: steps in order, each with marker, inputs and jobs",
    "status": "what runs in a folder, what failed and why, time left",
    "doctor": "what is installed, what is missing, how to get it",
}
"""Each verb is the module of its name in this folder."""


def module_of(verb: str) -> str:
    """Its program; a word that Python keeps for itself has an underscore behind it there."""
    return f"espnet_av.bin.{verb}{'_' * keyword.iskeyword(verb)}"


def usage() -> str:
    """Text of `espnet-av --help`."""
    width = max(map(len, VERBS))
    lines = [f"  {verb:<{width}}  {text}" for verb, text in VERBS.items()]
    return "\n".join(
        ["usage: espnet-av <verb> [options]; espnet-av <verb> --help for its options", "", *lines]
    )


def main(argv: list[str] | None = None) -> int:
    """Run the program of a verb with the remaining arguments.

    Errors that a user can cure are printed in one line, without a traceback.
    """
    argv = sys.argv[1:] if argv is None else argv
    verb = argv[0] if argv else "--help"
    if verb in ("-h", "--help"):
        print(usage())
        return 0
    if verb == "--version":
        print(__version__)
        return 0
    module = module_of(verb)
    if verb not in VERBS or importlib.util.find_spec(module) is None:
        near = get_close_matches(verb, VERBS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        print(f"espnet-av: no verb '{verb}'{hint}\n\n{usage()}", file=sys.stderr)
        return 2
    sys.argv = [f"espnet-av {verb}", *argv[1:]]
    try:
        try:
            runpy.run_module(module, run_name="__main__")
        finally:
            sys.stdout.flush()
    except AVError as error:
        print(f"espnet-av {verb}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads what is printed has seen enough, as in `espnet-av abx ... | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"espnet-av {verb}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
