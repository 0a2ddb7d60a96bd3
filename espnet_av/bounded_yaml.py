"""YAML of strangers: whether building what it says takes no more than its length."""

from __future__ import annotations

import yaml

from espnet_av.errors import CheckpointError

MAX_BYTES = 1_000_000
_MAX_DEPTH = 32
_MAX_ALIASES = 16
"""With more, a page of text can stand for thousands of millions of values."""


def check_yaml(content: bytes, where: str, max_bytes: int = MAX_BYTES) -> None:
    """Stop at what is no YAML, or would grow beyond measure when it is built.

    Args:
        content: not built here.
        where: names it in errors.
        max_bytes: what may be read at all.

    Raises:
        CheckpointError: it is not UTF-8 or no YAML, is too long, nested deeper than 32, or has more
            than 16 aliases or a merge of keys.
    """
    problem = f"longer than {max_bytes} bytes" if len(content) > max_bytes else None
    try:
        problem = problem or _growth(content.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = f"no YAML: {' '.join(str(error).split())[:200]}"
    if problem is not None:
        msg = f"{where}: {problem}; no program that packs models writes so, get the model again"
        raise CheckpointError(msg)


def _growth(text: str) -> str | None:
    depth = num_aliases = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        num_aliases += isinstance(event, yaml.AliasEvent)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            return "has keys that are merged (<<)"
        if depth > _MAX_DEPTH:
            return f"nested deeper than {_MAX_DEPTH}"
    return f"has {num_aliases} aliases" if num_aliases > _MAX_ALIASES else None
