"""Small SpokenCOCO, Speech-COCO and lists of COCO, in their true layouts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import put, wav

IMAGES = (("train2014", 9), ("train2014", 25), ("val2014", 42), ("val2014", 73))
SPLITS = ("train", "train", "restval", "test")
"""Of Karpathy."""
TEXTS = ("A cat sleeps.", "Two dogs  run!")
VOICES = ("Phil", "Amanda")
TIMECODE = (
    (0.0, "WORD", "a"), (0.0, "PHO", "@"), (50.5, "SYL", ""), (50.5, "SEPR", " "),
    (50.5, "WORD", "cat"), (50.5, "PHO", "k"), (120.25, "PHO", "a"), (200.0, "PHO", "t"),
    (260.0, "SYL", ""), (260.0, "SEPR", "."), (260.0, "SIL", ""),
)  # fmt: skip


def image(part: str, number: int) -> str:
    return f"COCO_{part}_{number:012d}"


def build_karpathy(
    path: Path, images: Sequence[tuple[str, int]] = IMAGES, splits: Sequence[str] = SPLITS
) -> Path:
    """`dataset_coco.json`."""
    found = [
        {"filepath": part, "filename": f"{image(part, n)}.jpg", "cocoid": n, "split": split}
        for (part, n), split in zip(images, splits, strict=True)
    ]
    return put(path, json.dumps({"dataset": "coco", "images": found}))


def build_captions(root: Path, images: Sequence[tuple[str, int]] = IMAGES) -> Path:
    """`annotations/captions_{train,val}2014.json`; two captions an image."""
    for part in ("train2014", "val2014"):
        found = [
            {"image_id": n, "id": 100 * n + k, "caption": f"{TEXTS[k]} "}
            for own, n in images
            if own == part
            for k in range(2)
        ]
        put(root / "annotations" / f"captions_{part}.json", json.dumps({"annotations": found}))
    return root


def build_spokencoco(root: Path, lists: Sequence[str] = ("train", "val")) -> Path:
    """Three images to train on, one to validate; two captions each, by two speakers."""
    of = {"train": IMAGES[:3], "val": IMAGES[3:]}
    for name in lists:
        data = []
        for part, n in of[name]:
            captions = []
            for k, text in enumerate(TEXTS):
                uttid = f"m{k}-3LUY3_{n}_{100 * n + k}"
                place = f"wavs/{name}/{k}/{uttid}.wav"
                put(root / place, wav())
                captions.append({"text": text, "speaker": f"m{k}", "uttid": uttid, "wav": place})
            data.append({"image": f"{part}/{image(part, n)}.jpg", "captions": captions})
        put(root / f"SpokenCOCO_{name}.json", json.dumps({"data": data}))
    return root


def build_speechcoco(root: Path) -> Path:
    """Two captions an image, by two voices."""
    for part, n in IMAGES:
        for k, voice in enumerate(VOICES):
            name = f"{n}_{100 * n + k}_{voice}_None_0-9"
            told = {
                "duration": 0.4,
                "speaker": voice,
                "synthesisedCaption": TEXTS[k],
                "timecode": TIMECODE,
                "speed": 0.9,
                "wavFilename": f"{name}.wav",
                "captionID": 100 * n + k,
                "imgID": n,
                "disfluency": ["None"],
            }
            put(root / part / "json" / f"{name}.json", json.dumps(told))
            put(root / part / "wav" / f"{name}.wav", wav())
    return root
