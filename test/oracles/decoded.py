"""Decoded conditions without a model: commands with a given share of wrong words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

GRAMMAR = (
    ("bin", "lay", "place", "set"),
    ("blue", "green", "red", "white"),
    ("at", "by", "in", "with"),
    tuple("abcdefghijklmnopqrstuvxyz"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("again", "now", "please", "soon"),
)


def write_condition(
    root: Path,
    mode: str,
    noise: str,
    error_rate: float,
    *,
    set_name: str = "test",
    num_utts: int = 60,
    langs: tuple[str, ...] = (),
    texts: dict[str, tuple[str, str]] | None = None,
    seed: int = 0,
    missing_video: str | None = None,
) -> Path:
    """A finished folder as decoding writes it, of `texts` (reference, result) or of commands."""
    name = "clean" if noise == "clean" else noise.replace(":", "_") + "dB"
    name += f"_{missing_video}".replace(":", "_") if missing_video else ""
    folder = root / set_name / f"{mode}_{name}"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    refs = {f"s1-{i:03d}": [str(rng.choice(words)) for words in GRAMMAR] for i in range(num_utts)}
    wrong = np.random.default_rng([seed, round(1000 * error_rate)])
    hyps = {utt: _spoil(words, error_rate, wrong) for utt, words in refs.items()}
    if texts is not None:
        refs = {utt: ref.split(" ") for utt, (ref, _) in texts.items()}
        hyps = {utt: hyp.split(" ") for utt, (_, hyp) in texts.items()}
        num_utts = len(texts)
    for file, rows in (("ref", refs), ("text", hyps)):
        lines = [f"{utt} {' '.join(words)}\n" for utt, words in rows.items()]
        (folder / file).write_text("".join(lines), encoding="utf-8")
    if langs:
        lines = [f"{utt} {langs[i % len(langs)]}\n" for i, utt in enumerate(refs)]
        (folder / "utt2lang").write_text("".join(lines), encoding="utf-8")
    info = {
        "set": set_name,
        "mode": mode,
        "noise": noise,
        "snr_db": None if noise == "clean" else float(noise.split(":")[1]),
        "missing_video": missing_video,
        "missing_share": float(missing_video.split(":")[1]) if missing_video else None,
        "num_utts": num_utts,
        "num_empty": 0,
        "audio_sec": 3.0 * num_utts,
        "decode_sec": 1.5,
        "exp_dir": "exp/avsr",
        "checkpoint": "valid.acc.ave_5best.pth",
        "num_parameters": 1234567,
        "seed": 0,
        "train_seed": 1,
        "device": "cpu",
        "config": {"method": "ctc_prefix", "beam_size": 8},
    }
    (folder / "decode.json").write_text(json.dumps(info), encoding="utf-8")
    _write_example(folder / "example.npz", next(iter(hyps.items())), mode)
    (folder / "provenance.yaml").write_text("command: decode.py out\n", encoding="utf-8")
    (folder / ".done").write_text("0123abcd\n", encoding="utf-8")
    return folder


def _spoil(words: list[str], error_rate: float, rng: np.random.Generator) -> list[str]:
    spoilt = []
    for place, word in enumerate(words):
        kind = rng.random() / error_rate if error_rate else 9.0
        if kind < 0.8:
            spoilt.append(str(rng.choice([w for w in GRAMMAR[place] if w != word])))
        elif kind < 0.9:
            spoilt += [word, "uh"]
        elif kind >= 1.0:
            spoilt.append(word)
    return spoilt


def _write_example(path: Path, best: tuple[str, list[str]], mode: str) -> None:
    utt_id, words = best
    tokens = [letter for word in words for letter in ("\u2581", *word)]
    frames = 75
    rng = np.random.default_rng(3)
    scores = rng.gumbel(size=(frames, len(tokens) + 1)) * 0.5
    places = np.linspace(8, frames - 8, len(tokens)).astype(int)
    scores[:, 0] += 3
    scores[places, np.arange(len(tokens)) + 1] += 7
    arrays = {"probabilities": np.exp(scores) / np.exp(scores).sum(1, keepdims=True)}
    times = np.arange(frames)[None, :]
    attention = np.exp(-((times - np.append(places, frames - 4)[:, None]) ** 2) / 18.0)
    arrays["attention"] = attention / attention.sum(1, keepdims=True)
    if mode != "V":
        tone = np.sin(np.cumsum(np.linspace(0.02, 0.4, frames * 640)))
        arrays["speech"] = (0.3 * tone * (rng.random(frames * 640) > 0.2)).astype(np.float32)
    if mode != "A":
        rows = np.abs(np.arange(88) - 44)[None, :, None]
        opening = 6 + 5 * np.sin(np.arange(frames) / 3)[:, None, None]
        video = np.where(rows < opening, 40, 150) + np.arange(88)[None, None, :] // 2
        arrays["video"] = video.astype(np.uint8)
    text = " ".join(words)
    np.savez_compressed(path, utt_id=utt_id, text=text, tokens=np.array(tokens), **arrays)
