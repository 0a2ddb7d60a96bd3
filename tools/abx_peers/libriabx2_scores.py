"""Scores a task by zerospeech-libriabx2, alone in its environment: JSON of within and across.

Angular, not pooled, all items, called from Python: what its command line does not offer.
"""

import json
import sys

from zrc_abx2.eval_ABX import EvalABX, EvalArgs


def main() -> None:
    items, features, speaker = sys.argv[1:]
    args = EvalArgs(
        path_data=features, path_item_file=items, speaker_mode=speaker, context_mode="within",
        distance_mode="cosine", feature_size=0.02, file_extension=".npy",
        max_size_group=10**9, max_x_across=10**9, out="",
    )  # fmt: skip
    (found,) = EvalABX().eval_abx(args)
    print(json.dumps({key: str(value) for key, value in found.items()}))


if __name__ == "__main__":
    main()
