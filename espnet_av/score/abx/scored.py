"""ABX errors of features that the decode stage wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features
from espnet_av.predict.condition import CONTROL
from espnet_av.rates import SAMPLE_RATE
from espnet_av.score.abx.condition_items import MakeItems
from espnet_av.score.abx.items import AbxItem
from espnet_av.score.abx.levels import Means, level_names
from espnet_av.score.abx.measure import Layers, Task, figures, hash_items, measure, prepare_task
from espnet_av.score.abx.options import AbxOptions, TalkerOfX
from espnet_av.score.abx.plan import NothingToCompareError
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.conditions import Decoded, read_rows
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import Figures, Scored

_CONTROL_HZ = "100"


@dataclass
class ScoredFrames(Scored):
    """A condition with features of its frames."""

    condition: Decoded
    metric: Metric
    options: AbxOptions
    make_items: MakeItems
    unit: str
    """What is compared, in words."""
    refs: dict[str, str] = field(init=False)
    """Utterance -> its items."""
    drawn: str = "abx"
    _found: dict[tuple[frozenset[str], str], tuple[Task, dict[str, Means]]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        items: dict[str, list[AbxItem]] = {}
        for item in self._items[self._rates[0]]:
            items.setdefault(item.file, []).append(item)
        self.refs = {utt_id: hash_items(mine) for utt_id, mine in items.items()}

    @cached_property
    def _layers(self) -> dict[str, Layers]:
        """Frames a second -> layers."""
        condition, rate = self.condition, f"{self.condition.info['frame_hz']:g}"
        utt_ids = self._utt_ids
        layers: dict[str, Layers] = {rate: {}}
        for name in condition.info["layers"]:
            layers[rate][name] = find_features(condition.folder / f"{name}.scp", utt_ids)  # type: ignore[index]
        if (condition.folder / f"{CONTROL}.scp").is_file():
            control = find_features(condition.folder / f"{CONTROL}.scp", utt_ids)
            if len(control) == len(utt_ids):
                layers.setdefault(_CONTROL_HZ, {})[CONTROL] = control  # type: ignore[index]
        return layers

    @cached_property
    def _utt_ids(self) -> list[str]:
        first = f"{self.condition.info['layers'][0]}.scp"
        return list(read_rows(self.condition.folder / first))

    @property
    def _rates(self) -> list[str]:
        return list(self._layers)

    @cached_property
    def _items(self) -> dict[str, list[AbxItem]]:
        return {
            rate: self.make_items(self.condition, layers, rate, self.options)
            for rate, layers in self._layers.items()
        }

    @cached_property
    def variants(self) -> tuple[Mapping[str, str], ...]:  # type: ignore[override]
        """Talkers within and across, and layers."""
        layers = [name for found in self._layers.values() for name in found]
        return tuple(
            {"speaker": speaker, "context": self.options.context, "layer": layer}
            for speaker, layer in product(self.options.speaker, layers)
        )

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """ABX error of the items of these utterances; the interval draws talkers."""
        try:
            task, means = self._measured(frozenset(utt_ids), axes)
        except NothingToCompareError as error:
            if set(utt_ids) >= self.refs.keys():
                msg = (
                    f"{self.condition.folder}: {error}; in expected_scores.yaml, scoring: {{abx:}}"
                )
                raise DataDirError(msg) from error
            return {}
        found = figures(means, resampling)
        rate, edges = 100 * found.pop("error_rate"), found.pop("ci95_over_speakers")
        edges = [rate, rate] if edges is None else [100 * edge for edge in edges]
        facts = task.facts()
        return {
            self.metric.name: {
                "rate": round(rate, 5),
                "ci95": [round(edge, 5) for edge in edges],
                **found,
                **{key: facts[key] for key in ("num_items", "num_compared", "num_clipped")},
                "dropped": facts["dropped"],
                "most_confused": [[a, b, round(100 * e, 3)] for a, b, e in means.pairs()[:20]],
                "num_utts": len(utt_ids),
            }
        }

    def _measured(self, utt_ids: frozenset[str], axes: Mapping[str, str]) -> tuple[Task, Means]:
        rate = next(r for r, layers in self._layers.items() if axes["layer"] in layers)
        speaker: TalkerOfX = "across" if axes["speaker"] == "across" else "within"
        key = utt_ids, f"{speaker} {rate}"
        if key not in self._found:
            items = [item for item in self._items[rate] if item.file in utt_ids]
            layers = self._layers[rate]
            durations = _durations(self.condition)
            task = prepare_task(items, layers, parse_rate(rate), speaker, self.options, durations)
            self._found[key] = task, measure(task, layers)
        task, found = self._found[key]
        return task, found[axes["layer"]]

    def extras(self) -> dict[str, Any]:
        """What the figures depend on."""
        options = replace(self.options, speaker=(self.options.speaker[0],))
        return {
            "triplets": {
                "unit": self.unit,
                "items": hash_items(self._items[self._rates[0]]),
                "levels": level_names(options.speaker[0], options),
            }
        }

    def draw(self, path: Path, title: str) -> bool:
        """Error by layer, and the phones that are told apart least."""
        from espnet_av.score.abx.plot_abx import plot_abx  # matplotlib, for those who look

        found: dict[str, dict[str, Means]] = defaultdict(dict)
        for axes in self.variants:
            found[axes["speaker"]][axes["layer"]] = self._measured(frozenset(self.refs), axes)[1]
        plot_abx(found, path, title=title, resampling=Resampling(), control=CONTROL)
        return True


def _durations(condition: Decoded) -> tuple[dict[str, float], str] | None:
    path = condition.folder / "utt2num_samples"
    if not path.is_file():
        return None
    return {u: int(count) / SAMPLE_RATE for u, count in read_rows(path).items()}, str(path)
