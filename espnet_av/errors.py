"""Errors meant for users: each message says what is wrong, where, why likely, and what to do."""

import errno
import os


class AVError(ValueError):
    """Base of every error a user can cause and cure."""


class ConfigError(AVError):
    """A configuration file or override is wrong."""


class TokenError(ConfigError):
    """A tokenizer's file is missing, damaged, or not of the others beside it."""


class DataDirError(AVError):
    """A Kaldi-style data directory breaks its contract."""


class MediaError(AVError):
    """An audio or video file cannot be read."""


class ArkError(AVError):
    """An archive or a pointer into it is broken."""


class ArrayError(ArkError):
    """An array is not of the kind that its table holds."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """A few words, the same for all of its kind."""


class DataLoadingError(AVError):
    """A process that loads data ended, or could not hand over what it loaded."""


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


_MACHINE_FAULTS = frozenset(
    (
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT),
        *(errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN),
    )
)


def raise_machine_fault(error: Exception, path: object) -> None:
    """Raise what is a fault of the machine as one: a file is not damaged for too many being open.

    Args:
        error: what a library raised; of anything else nothing is done.
        path: the file that was at hand.

    Raises:
        OSError: no memory, no room, too many open files, or a network file system that is gone.
    """
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _MACHINE_FAULTS:
        raise OSError(number, os.strerror(number), str(path)) from error
