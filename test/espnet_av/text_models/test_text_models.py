"""Small models of texts: they learn, are read as the published ones are, and translate."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

pytest.importorskip("transformers")

from espnet_av.bin import convert, text_models
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import CheckpointError, ConfigError, DataDirError
from espnet_av.text_models.config import LearningConfig, TextModelsConfig
from espnet_av.text_models.parallel import read_parallel
from espnet_av.text_models.pieces import code_of
from espnet_av.text_models.translator import Translator
from espnet_av.vectors.config import VectorsConfig
from espnet_av.vectors.encoder import TextEncoder
from espnet_av.yaml_file import read_yaml_keys

WORDS = {
    "en": [("the dog", "the cat", "the boy"), ("sees", "buys", "hides"), ("a ball", "a hat")],
    "de": [("der hund", "die katze", "der junge"), ("sieht", "kauft", "versteckt"),
           ("einen ball", "einen hut")],
    "tr": [("köpek", "kedi", "oğlan"), ("görüyor", "alıyor", "saklıyor"), ("bir top", "bir şapka")],
}  # fmt: skip
ORDER = {"en": (0, 1, 2), "de": (0, 1, 2), "tr": (0, 2, 1)}


def sentence(lang: str, meaning: tuple[int, ...]) -> str:
    return " ".join(WORDS[lang][slot][meaning[slot]] for slot in ORDER[lang])


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "parallel.tsv"
    meanings = [(a, b, c) for a in range(3) for b in range(3) for c in range(2)]
    rows = ["\t".join(sentence(lang, meaning) for lang in WORDS) for meaning in meanings]
    path.write_text("\n".join(["\t".join(WORDS), *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(parallel: Path) -> Path:
    out = parallel.parent / "models"
    config = parallel.parent / "texts.yaml"
    config.write_text(
        "num_pieces: 70\nsize: 32\nattention_heads: 2\nlinear_units: 48\ntranslator_layers: 1\n"
        "num_held_out: 2\nteacher: {steps: 60, batch_size: 12, lr: 1.0e-2}\n"
        "translator: {steps: 220, batch_size: 12, lr: 8.0e-3}\n"
    )
    text_models.main(["--config", str(config), str(parallel), str(out)])
    return out


def test_translations_have_vectors_that_are_alike(made: Path) -> None:
    encoder = TextEncoder(made / "teacher", VectorsConfig(pooling="mean"))
    meanings = [(0, 0, 0), (1, 0, 0), (0, 2, 1)]
    texts = [sentence(lang, meaning) for lang in ("de", "tr") for meaning in meanings]
    found = {place: torch.from_numpy(vector) for place, vector, _ in encoder.encode(texts)}
    one, other = (torch.stack([found[i + 3 * side] for i in range(3)]) for side in (0, 1))
    assert (one @ other.T).argmax(1).tolist() == [0, 1, 2]
    report = read_yaml_keys(made / "text_models.yaml", DataDirError, "")["held_out"]
    assert report["r1_of_translations"] > 50 and report["tokens_right"] > 60


def test_texts_are_translated_whatever_their_order(made: Path) -> None:
    meanings = [(0, 0, 0), (2, 1, 1), (1, 2, 0)]
    texts = [sentence("tr", meaning) for meaning in meanings]
    found = Translator(made / "mbart").translate([texts[0], " ", *texts[1:]], "tr", "en")
    assert found[1] == ""
    right = [sentence("en", meaning) for meaning in meanings]
    assert sum(a == b for a, b in zip([found[0], *found[2:]], right, strict=True)) >= 1, found
    assert all(text.startswith("the ") for text in found if text)


def test_texts_that_are_too_long_are_cut_and_told(
    made: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As a recogniser that has learnt little writes them."""
    long = "köpek kedi oğlan " * 40
    found = Translator(made / "mbart").translate([long, "köpek"], "tr", "en", max_tokens=500)
    assert len(found) == 2
    assert "1 of 2 texts have more than 64 tokens, such as köpek kedi" in caplog.text


def test_the_translator_gives_a_decoder_as_the_published_one(made: Path, tmp_path: Path) -> None:
    convert.main(["--family", "mbart", str(made / "mbart"), str(tmp_path / "decoder")])
    tokens = Tokenizer.load(tmp_path / "decoder/tokens")
    weights = torch.load(tmp_path / "decoder/decoder.pth", weights_only=True)
    assert len(weights["decoder.embed.0.weight"]) == tokens.vocab_size
    ids = tokens.encode("the dog sees a hat", "en")
    assert tokens.tokens[ids[0]] == "<en>" and tokens.decode(ids) == "the dog sees a hat"


def test_codes_of_languages() -> None:
    told = {"de": "de_DE", "en": "en_XX", "zh-CN": "zh_CN", "sv-SE": "sv_SE", "zh-TW": "zh_CN"}
    assert {lang: code_of(lang) for lang in told} == told
    for lang in ("ca", "cy", "el"):
        with pytest.raises(
            ConfigError, match=rf"'{lang}' has no code in mBART-50.*--used_as {lang}="
        ):
            code_of(lang)
    assert code_of("ca", {"ca": "es"}) == "es_XX"
    with pytest.raises(ConfigError, match="'cy' has no code"):
        code_of("ca", {"ca": "cy"})


def test_a_model_that_translates_nothing_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        Translator(made / "teacher")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        Translator(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("en\n", "not two languages or more"),
        ("en\tde\tde\n", "not two languages or more"),
        ("en\tde\na\tb\nc\n", r"x\.tsv:3: 1 columns for 2 languages"),
        ("en\tde\na\t \n", r"x\.tsv:2: .*one without text"),
        ("", "not two languages or more"),
    ],
)
def test_tables_that_are_not_parallel(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.tsv").write_text(text)
    with pytest.raises(DataDirError, match=message):
        read_parallel(tmp_path / "x.tsv")


def test_settings_that_cannot_be() -> None:
    for wrong in ({"size": 30}, {"num_held_out": 0}, {"target_langs": ()}, {"temperature": 0.0}):
        with pytest.raises(ConfigError):
            TextModelsConfig(**wrong)
    with pytest.raises(ConfigError):
        LearningConfig(batch_size=1)


def test_too_few_sentences_and_unknown_targets(parallel: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("num_held_out: 17\n")
    for override, message in (("seed=1", "18 sentences"), ("target_langs=[xx]", "no column xx")):
        with pytest.raises(SystemExit, match=message):
            text_models.main(
                ["--config", str(tmp_path / "c.yaml"), "--override", override, str(parallel), "x"]
            )
