"""The errors Vitrine raises on purpose.

Each says what was given, what is needed and what to do, in one line that a page can show as it
is. Each also is a builtin error, so that callers who know nothing of Vitrine can catch it.
Anything else that escapes is a bug.
"""


class VitrineError(Exception):
    """Base of every error that a person can act on."""


class InputError(VitrineError, ValueError):
    """A file, field or argument cannot be used as given."""


class NotFoundError(VitrineError, LookupError):
    """A set, artefact, item or job with this name or id is not in the workspace."""


class DecodeError(VitrineError, ValueError):
    """One image cannot be decoded; the message is the reason shown to a person."""


class EncoderUnavailableError(VitrineError, RuntimeError):
    """An encoder cannot be loaded: unknown name, missing weights or a hub out of reach."""


class ArtifactCorruptError(VitrineError, OSError):
    """A stored artefact or vector does not match its checksum; the message names the file."""


class StorageError(VitrineError, OSError):
    """The workspace cannot be written or read, for example because the disk is full."""


class JobCancelled(VitrineError, RuntimeError):  # noqa: N818 - a state, named as the job table does
    """Raised inside a job at the next check after someone asked it to stop."""
