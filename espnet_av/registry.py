"""Names that configurations may use: our own, and those that installed packages add.

A package of one's own adds a model, a kind of data, of prediction or of score by an entry point:

    [project.entry-points."espnet_av.models"]
    gru = "my_package.gru:GruModel"

Once it is installed (`pip install -e my_package`), every program knows the name as one of ours.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, TypeVar

from espnet_av.errors import ConfigError

V = TypeVar("V")


class Registry(MutableMapping[str, V]):
    """Name -> what it stands for: our own, then those of packages in the order of their names.

    Packages are asked when it is first looked into, so that they may import what it is for.

    Args:
        group: of the entry points, without `espnet_av.`.
        own: ours.
        check: tells what is wrong with a name and an object from outside, or None; without it
            `<module>:<name>` is kept, to be imported where it is used.
        enter: makes an entry of the object; None: it is one.
    """

    others: ClassVar[str] = "; one of a package of your own is there once that is installed"
    """What else a name may be that is not there, for messages."""

    def __init__(
        self,
        group: str,
        own: Mapping[str, V],
        check: Callable[[str, Any], str | None] | None = None,
        enter: Callable[[Any], V] | None = None,
    ) -> None:
        self._group, self._own = f"espnet_av.{group}", dict(own)
        self._check, self._enter = check, enter or (lambda found: found)
        self._waiting = True

    def __getitem__(self, name: str) -> V:
        return self._all()[name]

    def __setitem__(self, name: str, value: V) -> None:
        self._all()[name] = value

    def __delitem__(self, name: str) -> None:
        del self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def values(self) -> ValuesView[V]:
        """All of them; asked for in inner loops."""
        return self._all().values()

    def items(self) -> ItemsView[str, V]:
        """All names with what they stand for."""
        return self._all().items()

    def __repr__(self) -> str:
        return f"Registry({self._group}: {', '.join(self)})"

    def _all(self) -> dict[str, V]:
        """Ours and the others'.

        Raises:
            ConfigError: one from outside has a name that is taken, cannot be imported, or is none.
        """
        if self._waiting:
            self._waiting = False  # what is imported here may look into it
            try:
                self._own |= self._others()
            except BaseException:
                self._waiting = True
                raise
        return self._own

    def _others(self) -> dict[str, V]:
        found: dict[str, V] = {}
        for point in _points(self._group):
            if point.name in self._own or point.name in found:
                raise _wrong(point, "there is one of that name; choose another", "rename it")
            found[point.name] = self._enter(self._checked(point) if self._check else point.value)
        return found

    def _checked(self, point: EntryPoint) -> Any:
        assert self._check is not None
        try:
            value = point.load()
        except Exception as error:  # whatever the code of others raises
            raise _wrong(point, f"{type(error).__name__}: {error}", "mend it") from error
        problem = self._check(point.name, value)
        if problem is not None:
            raise _wrong(point, problem, "correct it")
        return value


def _points(group: str) -> list[EntryPoint]:
    """The entry points of a group (`espnet_av.models`), each once, in the order of their names."""
    return sorted({(p.name, p.value): p for p in _all_points(group)}.values(), key=lambda p: p.name)


@cache
def _all_points(group: str) -> list[EntryPoint]:
    return list(entry_points(group=group))


def _wrong(point: EntryPoint, problem: str, cure: str) -> ConfigError:
    package = point.dist.name if point.dist is not None else "a package"
    return ConfigError(
        f"package {package}: entry point {point.group}: {point.name} = {point.value}: {problem}; "
        f"{cure}, or uninstall the package"
    )
