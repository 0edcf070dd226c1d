"""Pictures: decoding anything Pillow reads, safely, and thumbnails."""
