"""How much of a corpus a copy holds: every fault by name, and hours against the published ones."""

from __future__ import annotations

import logging
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from espnet_av.atomic import atomic_write
from espnet_av.data.source_files import write_to_fetch
from espnet_av.errors import DataDirError, DroppedTooManyError

logger = logging.getLogger(__name__)

OUTCOMES = ("found", "incomplete", "missing", "unreadable", "unusable")
"""Complete; kept without its sound or picture; not there; damaged; without transcript."""
DROPPED = "dropped"
_NUM_NAMED = 5
_COLUMNS = ("split", "lang", "expected", *OUTCOMES, "hours", "published_clips", "published_hours")


class Problem(NamedTuple):
    """One line of `prepare_report.tsv`."""

    utt_id: str
    reason: str
    action: str
    detail: str


class PublishedSize(NamedTuple):
    """Size of one split as its authors state it; None: not stated."""

    clips: int | None = None
    hours: float | None = None


class Part(NamedTuple):
    """One split of a corpus in one language."""

    split: str
    lang: str


@dataclass
class Tally:
    """What was found of one part."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Coverage:
    """Collects faults and durations while a corpus is read; `finish` writes and judges them.

    Args:
        corpus: its name, for messages.
        published: sizes the authors state.
        total: size of the whole, where they state only that.
    """

    def __init__(
        self,
        corpus: str,
        published: Mapping[Part, PublishedSize] | None = None,
        total: PublishedSize | None = None,
    ) -> None:
        self.corpus, self.total = corpus, total
        self.published = dict(published or {})
        self.problems: list[Problem] = []
        self.tallies: dict[Part, Tally] = defaultdict(Tally)
        self._losses: list[Problem] = []
        self._to_fetch: set[str] = set()

    def found(self, part: Part, seconds: float) -> None:
        """Count a complete clip."""
        self.tallies[part].outcomes["found"] += 1
        self.tallies[part].seconds += seconds

    def lose(
        self,
        part: Part,
        problem: Problem,
        outcome: Literal["incomplete", "missing", "unreadable", "unusable"],
        seconds: float = 0.0,
    ) -> None:
        """Count a clip that is dropped, or kept without one of its tracks (`seconds` long)."""
        self.problems.append(problem)
        self._losses.append(problem)
        self.tallies[part].outcomes[outcome] += 1
        self.tallies[part].seconds += seconds

    def note(self, utt_id: str, reason: str, action: str, detail: str = "") -> None:
        """Report an oddity of a clip that is kept whole, or of a file that nothing names."""
        self.problems.append(Problem(utt_id, reason, action, detail))

    def lack(self, path: Path) -> None:
        """Note a media file that is missing or damaged: its coming is worth another run."""
        self._to_fetch.add(str(path.absolute()))

    def finish(self, out_dir: Path, max_missing_ratio: float) -> None:
        """Write `prepare_report.tsv`, `coverage.tsv`, `to_fetch.txt`, log a summary, and judge.

        Raises:
            DroppedTooManyError: a larger share of the clips is lost than allowed; the first ones
                and the cure are named.
            DataDirError: there is no clip.
        """
        write_rows(out_dir / "prepare_report.tsv", Problem._fields, self.problems)
        write_to_fetch(out_dir, self._to_fetch)
        rows = list(self._rows())
        write_rows(out_dir / "coverage.tsv", _COLUMNS, rows)
        total = sum(tally.outcomes.total() for tally in self.tallies.values())
        causes = Counter((problem.reason, problem.action) for problem in self.problems)
        for (reason, action), count in sorted(causes.items()):
            logger.warning("%s: %d of %d clips: %s, %s", self.corpus, count, total, reason, action)
        summary = textwrap.indent(_aligned([_COLUMNS, *rows]), "  ")
        logger.info("%s: coverage (%s)\n%s", self.corpus, out_dir / "coverage.tsv", summary)
        if not total:
            msg = f"{self.corpus}: its lists name no clip at all, so they are empty or cut short; "
            raise DataDirError(msg + "fetch them again, or check the path of the corpus in db.sh")
        if len(self._losses) > max_missing_ratio * total:
            raise DroppedTooManyError(self._judgement(out_dir, total, max_missing_ratio))

    def _rows(self) -> Iterable[tuple[str, ...]]:
        parts = list(dict.fromkeys((*self.published, *self.tallies)))
        for part in parts:
            yield _row(
                part, self.tallies.get(part, Tally()), self.published.get(part, PublishedSize())
            )
        if len(parts) > 1 or self.total:
            together = Tally()
            for tally in self.tallies.values():
                together.outcomes.update(tally.outcomes)
                together.seconds += tally.seconds
            yield _row(Part("all", "all"), together, self._published_sum(parts))

    def _published_sum(self, parts: Iterable[Part]) -> PublishedSize:
        """What is stated of the whole, else the sum, where it is stated for every part."""
        if self.total is not None:
            return self.total
        known = [self.published.get(part, PublishedSize()) for part in parts]
        clips = [item.clips for item in known if item.clips is not None]
        hours = [item.hours for item in known if item.hours is not None]
        return PublishedSize(
            sum(clips) if len(clips) == len(known) else None,
            sum(hours) if len(hours) == len(known) else None,
        )

    def _judgement(self, out_dir: Path, total: int, limit: float) -> str:
        count = len(self._losses)
        verb = "dropped"
        if any(problem.action != DROPPED for problem in self._losses):
            verb = "dropped or incomplete"
        causes = Counter(problem.reason for problem in self._losses)
        reasons = ", ".join(f"{reason} {number}" for reason, number in sorted(causes.items()))
        first = [f"{p.utt_id} ({p.detail or p.reason})" for p in self._losses[:_NUM_NAMED]]
        more = f" and {count - _NUM_NAMED} more" if count > _NUM_NAMED else ""
        return (
            f"{out_dir}/prepare_report.tsv: {count} of {total} clips {verb} ({reasons}), more than "
            f"max_missing_ratio {limit:.1%}: {'; '.join(first)}{more}; fetch them again, or accept "
            f"this copy with --max_missing_ratio {count / max(total, 1) + 0.005:.2f}"
        )


def write_rows(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a table of tab-separated values with a header."""
    with atomic_write(path) as stream:
        for row in (columns, *rows):
            stream.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")


def _row(part: Part, tally: Tally, published: PublishedSize) -> tuple[str, ...]:
    counts = [tally.outcomes[outcome] for outcome in OUTCOMES]
    return (
        part.split,
        part.lang,
        str(sum(counts)),
        *map(str, counts),
        f"{tally.seconds / 3600:.2f}",
        "-" if published.clips is None else str(published.clips),
        "-" if published.hours is None else f"{published.hours:g}",
    )


def _aligned(rows: Iterable[tuple[str, ...]]) -> str:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
