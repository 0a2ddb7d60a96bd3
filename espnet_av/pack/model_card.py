"""The page that a packed model carries about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from espnet_av.train.config import TrainConfig

_TEMPLATE = """# {name}

{kind} trained with espnet_av: {model}, {size:.2f} M parameters,
{steps} steps, seed {seed}.

{use}
## Scores

{scores}

## Input

One speaker, the face in view, any frame rate and sample rate. Files: `weights.safetensors`,
`config.yaml` (training), `roi.yaml` (mouth region), {files}`meta.yaml`
(checksums, versions, command).

## Model

```yaml
{model_conf}```
"""
_WRITES = """    espnet-av transcribe clip.mp4 --model {name}.zip

```python
from espnet_av.speech2text import Speech2Text

speech2text = Speech2Text.from_pretrained("{name}.zip")
print(speech2text(video_path="clip.mp4", audio_path="clip.mp4", mode="av").text)
```
"""
_WRITES_NONE = """```python
from espnet_av.pack import open_model
from espnet_av.train.loading import load_experiment

with open_model("{name}.zip") as files:
    model, config, _ = load_experiment(files.folder, files.checkpoint)
```

It writes no text; `teacher.yaml`, where it is there, says whose vectors it learned.
"""


def model_card(
    name: str,
    config: TrainConfig,
    num_parameters: int,
    scores: Sequence[dict[str, Any]],
    writes_text: bool = True,
) -> str:
    """Markdown page: what the model is, how to use it, what it scored.

    Args:
        name: of the experiment.
        config: it was trained with.
        num_parameters: numbers in its weights.
        scores: contents of the `scores.json` files of its decodings.
        writes_text: whether it is a recogniser or translator.
    """
    return _TEMPLATE.format(
        name=name,
        kind="Audio-visual speech recogniser" if writes_text else "Encoder of speech",
        use=(_WRITES if writes_text else _WRITES_NONE).format(name=name),
        files="`decode.yaml` (search), `tokens/`, " if writes_text else "",
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
