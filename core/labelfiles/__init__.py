"""Labels from and to files: tables, folders, and the forms of COCO, CVAT, FiftyOne, Label Studio
and YOLO.
"""

from core.labelfiles.match import Matched, apply_labels, match_labels
from core.labelfiles.model import Entry, LabelFile
from core.labelfiles.read import read_labels
from core.labelfiles.write import FORMATS, Written, check_place, format_of, write_labels

__all__ = [
    "FORMATS", "Entry", "LabelFile", "Matched", "Written", "apply_labels", "check_place",
    "format_of", "match_labels", "read_labels", "write_labels",
]  # fmt: skip
