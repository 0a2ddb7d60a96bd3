"""Which release of sentencepiece trained the tokens of a folder.

Unigram models are not the same from release to release (0.2.0 and 0.2.1 agree, 0.2.2 and 0.2.3 each
give other pieces), whatever the seed: what is trained anew may not be what results were made with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from espnet_av.errors import TokenError
from espnet_av.text_file import read_labels
from espnet_av.yaml_file import read_yaml_keys


@dataclass(frozen=True)
class TrainedTokens:
    """Tokens that a folder had before others are written there."""

    release: str
    """Of sentencepiece; empty where it was not recorded."""
    tokens: tuple[str, ...]

    def tell_change(self, tokens: Sequence[str]) -> str:
        """What to say of the new tokens; empty where they are the same, or by the same release."""
        now = metadata.version("sentencepiece")
        new = set(tokens) - set(self.tokens)
        if tuple(tokens) == self.tokens or now == self.release:
            return ""
        how = f"{len(new)} of {len(tokens)} are new" if new else "the same in another order"
        return (
            f"other tokens than before ({how}). Those were trained by sentencepiece "
            f"{self.release or 'of a release that was not recorded'}, these by {now}, which may be "
            "why; texts may have changed too. Experiments keep their own tokens and cannot go on "
            "with these" + (f"; to have the earlier ones: pip install sentencepiece=={self.release}"
            " and run this stage again" if self.release else "")
        )  # fmt: skip


def read_trained(token_dir: Path) -> TrainedTokens | None:
    """The tokens of a folder and what trained them; None where there are none that can be read."""
    try:
        tokens = tuple(read_labels(token_dir / "tokens.txt", TokenError, ""))
    except (TokenError, OSError):
        return None
    try:
        record = read_yaml_keys(token_dir / "provenance.yaml", TokenError, "")
    except (TokenError, OSError):
        return TrainedTokens("", tokens)
    versions = record.get("versions")
    release = versions.get("sentencepiece", "") if isinstance(versions, dict) else ""
    return TrainedTokens(str(release), tokens)
