"""Errors meant for users: each message says what is wrong, where, why likely, and what to do."""


class AVError(ValueError):
    """Base of every error a user can cause and cure."""


class ConfigError(AVError):
    """A configuration file or override is wrong."""


class DataDirError(AVError):
    """A Kaldi-style data directory breaks its contract."""


class MediaError(AVError):
    """An audio or video file cannot be read."""


class ArkError(AVError):
    """An archive or a pointer into it is broken."""


class DiskSpaceError(AVError):
    """A stage would fill the disk."""


class CheckpointError(AVError):
    """A checkpoint or a packed model cannot be used."""


class VocabularyError(CheckpointError):
    """The tokens of a checkpoint are not those of the run."""


class DroppedTooManyError(AVError):
    """A filter dropped a larger share of the utterances than the configuration allows."""


class TrainingError(AVError):
    """A training run cannot go on."""


class CodebookCollapseError(TrainingError):
    """Almost all targets of a pre-training are the same few codes."""
