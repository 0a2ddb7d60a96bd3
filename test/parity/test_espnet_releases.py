"""What any release of ESPnet writes of a recogniser becomes the same recogniser of ours."""

import datetime
import pickle
import shutil
import zipfile

import pytest
import torch
import yaml
from espnet2.main_funcs.pack_funcs import pack
from espnet2.schedulers.warmup_lr import WarmupLR
from espnet2.train.reporter import Reporter
from oracles import espnet_asr

from espnet_av.bin.convert import main
from espnet_av.compat import espnet_version
from espnet_av.errors import CheckpointError
from espnet_av.models.espnet_asr import read_espnet_experiment
from espnet_av.train.loading import load_experiment, read_weights


@pytest.fixture(scope="module")
def asr(tmp_path_factory):
    """(ESPnet's model, its experiment folder)."""
    folder = tmp_path_factory.mktemp("asr")
    return espnet_asr.make(folder, 1), folder / "exp/asr"


@torch.no_grad()
def same_outputs(theirs, folder):
    """Each utterance alone, as ESPnet decodes."""
    ours, _, _ = load_experiment(folder)
    speech, lengths = espnet_asr.sounds()
    for wave, length in zip(speech, lengths, strict=True):
        expected, _ = theirs.encode(wave[None, :length], length[None])
        encoded = ours.encode(wave[None, :length], length[None], None, None).out
        assert torch.equal(encoded, expected)
        given = torch.tensor([[ours.sos, 5, 3, 9]]), torch.tensor([4])
        decoded = [
            model.decoder(expected, torch.tensor([expected.size(1)]), *given)[0]
            for model in (ours, theirs)
        ]
        assert torch.equal(*decoded)
        assert torch.equal(ours.ctc.ctc_lo(encoded), theirs.ctc.ctc_lo(expected))


def earlier_names(weights):
    """As ESPnet writes them up to 202511."""
    part = "encoder.embed."
    pairs = [("out.weight", "out.0.weight"), ("out.bias", "out.0.bias"), ("pos_enc.", "out.1.")]
    return renamed(weights, [(part + later, part + earlier) for later, earlier in pairs])


def later_names(weights):
    """As it writes them from 202609 on."""
    part = "encoder.embed."
    pairs = [(part + "out.0.", part + "out."), (part + "out.1.", part + "pos_enc.")]
    return renamed(weights, pairs)


def renamed(weights, pairs):
    changed = {}
    for name, value in weights.items():
        for old, new in pairs:
            name = name.replace(old, new)
        changed[name] = value
    return changed


def test_names_and_keys_of_later_releases(asr, tmp_path):
    theirs, exp = asr
    weights = torch.load(exp / "valid.acc.ave.pth", weights_only=True)
    earlier, later = earlier_names(weights), later_names(weights)
    assert earlier.keys() != later.keys()
    assert weights.keys() in (earlier.keys(), later.keys()), "this release's"
    config = yaml.safe_load((exp / "config.yaml").read_text())
    for part in ("encoder_conf", "decoder_conf"):
        config[part]["use_sdpa"] = True
    before, after = tmp_path / "earlier", tmp_path / "later"
    shutil.copytree(exp, before)
    torch.save(earlier, before / "valid.acc.ave.pth")
    after.mkdir()
    (after / "config.yaml").write_text(yaml.safe_dump(config))
    torch.save(later, after / "valid.acc.ave.pth")
    for source, target in ((before, "before"), (after, "after")):
        main(["--family", "espnet_asr", str(source), str(tmp_path / target)])
    best = "valid.loss.best.pth"
    before, after = (read_weights(tmp_path / name / best) for name in ("before", "after"))
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    same_outputs(theirs, tmp_path / "after")


def test_the_file_that_training_goes_on_from(asr, tmp_path):
    theirs, exp = asr
    optimiser = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    for parameter in theirs.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    scheduler = WarmupLR(optimiser, warmup_steps=10)
    reporter = Reporter()
    reporter.set_epoch(1)
    with reporter.observe("train") as part:
        part.register({"loss": torch.tensor(1.0), "acc": 0.5})
        part.next()
    kinds = {type(value) for value in reporter.state_dict()["stats"][1]["train"].values()}
    assert datetime.timedelta in kinds or espnet_version() > "202511"
    states = {
        "model": theirs.state_dict(),
        "reporter": reporter.state_dict(),
        "optimizers": [optimiser.state_dict()],
        "schedulers": [scheduler.state_dict()],
        "scaler": torch.amp.GradScaler("cpu").state_dict(),
    }
    for zipped in (True, False):
        torch.save(states, exp / "checkpoint.pth", _use_new_zipfile_serialization=zipped)
        arguments = ["--family", "espnet_asr", "--checkpoint", "checkpoint.pth", str(exp)]
        main([*arguments, str(tmp_path / f"ours{zipped}")])
        same_outputs(theirs, tmp_path / f"ours{zipped}")


@pytest.fixture(scope="module")
def packed(asr, tmp_path_factory):
    """A model packed by ESPnet."""
    _, exp = asr
    path = tmp_path_factory.mktemp("packed") / "asr_model.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(exp.parent.parent)
        weights, config = {"asr_model_file": exp / "valid.acc.ave.pth"}, exp / "config.yaml"
        pack(weights, {"asr_train_config": config}, path)
    return path


def rewritten(path, source, change, compression=zipfile.ZIP_STORED):
    """A copy of a zip whose members `change` gave; None leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", compression) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_packed_models(asr, packed, tmp_path, compression):
    path = rewritten(tmp_path / "m.zip", packed, lambda name, content: content, compression)
    main(["--family", "espnet_asr", str(path), str(tmp_path / "ours")])
    same_outputs(asr[0], tmp_path / "ours")
    assert "m.zip/config.yaml" in str(read_espnet_experiment(path).path)


def test_packed_models_bring_their_pieces(packed, tmp_path):
    def with_pieces(name, content):
        if not name.endswith("config.yaml"):
            return content
        return yaml.safe_dump({**yaml.safe_load(content), "bpemodel": "data/x/bpe.model"}).encode()

    path = rewritten(tmp_path / "m.zip", packed, with_pieces)
    assert str(read_espnet_experiment(path).bpe_model) == "data/x/bpe.model", "which is nowhere"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("data/x/bpe.model", b"pieces")
        archive.writestr("data/y/bpe.model", b"others")
    experiment = read_espnet_experiment(path)
    assert experiment.bpe_model.read_bytes() == b"pieces"


def meta_of(**content):
    return lambda name, old: yaml.safe_dump(content).encode() if name == "meta.yaml" else old


FILES = {"files": {"asr_model_file": "w.pth"}, "yaml_files": {"asr_train_config": "c.yaml"}}


def changed(ending, content):
    return lambda name, old: content if name.endswith(ending) else old


OTHER_TASK = {"files": {"tts_model_file": "x"}, "yaml_files": {"tts_train_config": "y"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (meta_of(**OTHER_TASK), "has tts_train_config among its yaml_files, no asr_train_config;"),
        (meta_of(**{**FILES, "files": ["x"]}), "has nothing among its files, no asr_model_file"),
        (meta_of(**FILES), r"names a file that is not in it .*c\.yaml"),
        (meta_of(format_version=1), "needs no conversion; give it to --model"),
        (changed("meta.yaml", b"- 1"), r"meta\.yaml: expected 'key: value' lines"),
        (changed("meta.yaml", b"a: ["), r"meta\.yaml: not valid YAML"),
        (changed("config.yaml", b"a: *b"), r"config\.yaml: not valid YAML"),
        (changed("pth", b"x" * 50), r"m\.zip/weights\.pth: no file of torch"),
        (changed("pth", pickle.dumps(print)), r"m\.zip/weights\.pth: .*asks for builtins\.print"),
        (changed("pth", None), "names a file that is not in it"),
    ],
)
def test_packed_models_that_are_none(packed, tmp_path, change, message):
    path = rewritten(tmp_path / "m.zip", packed, change)
    with pytest.raises(CheckpointError, match=message):
        read_espnet_experiment(path)


def test_zips_that_grow_and_damaged_ones(packed, tmp_path):
    def grown(name, content):
        return b"\0" * 30_000_000 if name.endswith(".pth") else content

    path = rewritten(tmp_path / "m.zip", packed, grown, zipfile.ZIP_DEFLATED)
    with pytest.raises(CheckpointError, match=r"3\d{7} bytes in a zip of \d+; no packed model is"):
        read_espnet_experiment(path)
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "n.zip").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"n\.zip: cannot be read \(Bad CRC-32"):
        read_espnet_experiment(tmp_path / "n.zip")
    with pytest.raises(CheckpointError, match="is one file, --checkpoint x names one of a folder"):
        read_espnet_experiment(packed, "x")
