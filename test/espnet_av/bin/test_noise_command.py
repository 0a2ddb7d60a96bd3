"""The command that makes noises."""

import pytest
import soundfile
from media_samples import tone

from espnet_av.bin import noise
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.noise_bank import NoiseBank


def test_makes_a_folder_for_each_split(tmp_path, capsys):
    tables = {"wav.scp": {}, "utt2spk": {}}
    for i in range(6):
        soundfile.write(tmp_path / f"{i}.wav", tone(0.3, hz=300 + 50 * i), 16000)
        tables["wav.scp"][f"a-{i}"], tables["utt2spk"][f"a-{i}"] = f"{tmp_path}/{i}.wav", "a"
    write_data_dir(tmp_path / "data", tables)
    (tmp_path / "noise.yaml").write_text(
        "num_babble: {train: 2, test: 1}\nnum_voices: 3\nbabble_duration: 0.2s\n"
    )
    noise.main([
        "--config", str(tmp_path / "noise.yaml"), str(tmp_path / "data"), str(tmp_path / "noise"),
    ])  # fmt: skip
    assert "noises: train 2, test 1" in capsys.readouterr().out
    assert len(NoiseBank.load(tmp_path / "noise" / "train").noises["babble"]) == 2
    assert (tmp_path / "noise" / "provenance.yaml").is_file()


def test_voices_of_test_sets(tmp_path, capsys):
    for name in ("train", "test_a"):
        soundfile.write(tmp_path / f"{name}.wav", tone(0.3), 16000)
        utt_ids = [f"{name}-{i}" for i in range(3)]
        tables = {
            "wav.scp": dict.fromkeys(utt_ids, f"{tmp_path}/{name}.wav"),
            "utt2spk": dict.fromkeys(utt_ids, name),
        }
        write_data_dir(tmp_path / name, tables)
    config = "num_babble: {train: 2, test: 1}\nnum_voices: 3\nbabble_duration: 0.2s\n"
    (tmp_path / "noise.yaml").write_text(config)
    arguments = ["--config", str(tmp_path / "noise.yaml"), "--test_dirs", str(tmp_path / "test_a")]
    noise.main([*arguments, "--", str(tmp_path / "train"), str(tmp_path / "noise")])
    # Three utterances are too few for two splits, and enough for each of two sets.
    assert "noises: train 2, test 1" in capsys.readouterr().out


def test_user_errors_end_without_a_trace(tmp_path):
    (tmp_path / "noise.yaml").write_text("voices: 3\n")
    with pytest.raises(SystemExit, match=r"ConfigError.*unknown key 'voices'.*num_voices"):
        noise.main(["--config", str(tmp_path / "noise.yaml"), str(tmp_path), str(tmp_path)])
