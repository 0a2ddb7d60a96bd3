"""Labels of clips that a model learns to tell."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.corpora.clip import Clip
from espnet_av.corpora.coverage import Coverage

SEPARATOR = "|"
"""Between the values of a label of several slots."""


def note_new_labels(clips: Sequence[Clip], slots: Sequence[str], coverage: Coverage) -> None:
    """Report clips with a value of a slot that no clip of `train` has, so that none predicts it."""
    labelled = [(clip, clip.label.split(SEPARATOR)) for clip in clips if clip.label]
    trained = [values for clip, values in labelled if clip.part.split == "train"]
    known = [set(values) for values in zip(*trained, strict=True)]
    for clip, values in labelled if known else ():
        for slot, value, there in zip(slots, values, known, strict=True):
            if value not in there:
                told = f"{clip.origin}: no clip of train has the {slot} '{value}'"
                coverage.note(clip.utt_id, "new_label", "kept, and never predicted", told)
