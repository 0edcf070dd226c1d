"""Whether a file still holds what its item was made from."""

from core.imaging.decode import ItemFile
from core.imaging.files import FileHashes
from core.keys import digest, item_id

CHANGED = "was changed since the set was made: run the set again"


def is_other(file: ItemFile, kind: str, hashes: FileHashes) -> bool:
    """Tell whether a file holds something else than what its item id was made from.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if kind != "idx":
        return item_id(hashes.sha256_of(file.path), file.region) != file.item_id
    from core.imaging.idx import read_frame

    array, _ = read_frame(file.path, file.region.frame)
    if array.dtype.itemsize > 1:  # its byte order in the id is that of the file
        return False
    return digest("idx-item", (array.dtype.str, *array.shape), array.tobytes()) != file.item_id
