"""What stands for objects in the pickles of other projects; it holds what they say."""

from __future__ import annotations

from typing import Any

from espnet_av.bounded_pickle import Sealed
from espnet_av.errors import CheckpointError

_MAX_NODES = 20_000
_MAX_DEPTH = 64
_MAX_BITS = 64
"""Of an integer in a configuration."""


class ForeignObject(metaclass=Sealed):
    """What a pickle says of an object of another project; it holds this and does nothing.

    Attributes:
        args: what its constructor was to be called with.
        state: what was to become its attributes; None = nothing was said.
        items: content, if it was to be a kind of list or mapping.
    """

    __slots__ = ("args", "items", "state")
    type_name = ""
    args: tuple[Any, ...]
    state: Any
    items: list[Any]

    def __new__(cls, *args: Any) -> ForeignObject:
        """Keeps the arguments."""
        made = super().__new__(cls)
        made.args, made.state, made.items = args, None, []
        return made

    def __init__(self, *args: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """An element of a list."""
        self.items.append(value)


def as_plain(value: Any) -> Any:
    """Configurations as dicts, lists, text and numbers; what is none of these becomes None.

    Reads argparse namespaces, dataclasses, enums and the containers of omegaconf.

    Raises:
        CheckpointError: the value is nested without end, too large for a configuration, or has a
            number of more than 64 bits.
    """
    return _as_plain(value, [_MAX_NODES], 0)


def _as_plain(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > _MAX_DEPTH:
        msg = "the configuration in the checkpoint is too large or nested without end"
        raise CheckpointError(msg)
    if type(value) is int and value.bit_length() > _MAX_BITS:
        msg = f"the configuration in the checkpoint has a number of {value.bit_length()} bits"
        raise CheckpointError(msg)
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, ForeignObject):
        return _as_plain(_inside(value), budget, depth + 1)
    if isinstance(value, dict):
        return {
            str(k if isinstance(k, str | int | float) else None): _as_plain(v, budget, depth + 1)
            for k, v in value.items()
        }
    if type(value) in (list, tuple):
        return [_as_plain(item, budget, depth + 1) for item in value]
    return None


def _inside(value: ForeignObject) -> Any:
    """What an object is about: its attributes, the content of a container, the value of an enum."""
    state = value.state
    if isinstance(state, dict):
        for key in ("_content", "_val"):
            if key in state:
                return state[key]
        return state
    if value.items:
        return value.items
    return value.args[0] if len(value.args) == 1 else None
