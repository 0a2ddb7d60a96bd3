"""The page that a packed model carries about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from espnet_av.train.config import TrainConfig

_TEMPLATE = """# {name}

Audio-visual speech recogniser trained with espnet_av: {model}, {size:.2f} M parameters,
{steps} steps, seed {seed}.

    espnet-av transcribe clip.mp4 --model {name}.zip

```python
from espnet_av.speech2text import Speech2Text

speech2text = Speech2Text.from_pretrained("{name}.zip")
print(speech2text(video_path="clip.mp4", audio_path="clip.mp4", mode="av").text)
```

## Scores

{scores}

## Input

One speaker, the face in view, any frame rate and sample rate. Files: `weights.safetensors`,
`config.yaml` (training), `roi.yaml` (mouth region), `decode.yaml` (search), `tokens/`, `meta.yaml`
(checksums, versions, command).

## Model

```yaml
{model_conf}```
"""


def model_card(
    name: str, config: TrainConfig, num_parameters: int, scores: Sequence[dict[str, Any]]
) -> str:
    """Markdown page: what the model is, how to use it, what it scored.

    Args:
        name: of the experiment.
        config: it was trained with.
        num_parameters: numbers in its weights.
        scores: contents of the `scores.json` files of its decodings.
    """
    return _TEMPLATE.format(
        name=name,
        model=config.model,
        size=num_parameters / 1e6,
        steps=config.max_steps,
        seed=config.seed,
        scores="\n\n".join(map(_table, scores)) or "Not scored here.",
        model_conf=yaml.safe_dump(config.model_conf, sort_keys=False, allow_unicode=True),
    )


def _table(scores: dict[str, Any]) -> str:
    """Every figure of every condition: WER and CER in percent, or what else it was judged by."""
    records = scores["conditions"]
    figures = {name: value for name, value in records[0].items() if isinstance(value, dict)}
    metrics = [name for name, value in figures.items() if "rate" in value]
    titles = " | ".join(metric.upper() for metric in metrics)
    rule = "--:|" * len(metrics)
    lines = [f"| set | mode | noise | utterances | {titles} |", f"|---|---|---|--:|{rule}"]
    for record in records:
        num_utts = record[metrics[0]]["num_utts"]
        cells = (record["set"], record["mode"], record["noise"], num_utts)
        rates = (f"{record[metric]['rate']:.1f}" for metric in metrics)
        lines.append(f"| {' | '.join(map(str, (*cells, *rates)))} |")
    return "\n".join(lines)
