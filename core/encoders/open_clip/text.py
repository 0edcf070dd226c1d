"""Text into tokens, as the text tower of a contrastive model wants them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.encoders.open_clip.source import NEEDS_TRANSFORMERS, TOKENIZERS
from core.errors import EncoderUnavailableError, InputError

#: Tokens a text tower reads where its config does not say.
_CONTEXT = 77


class Tokenizer:
    """The tokenizer of a model, opened when text first comes; a model of pictures needs none.

    Parameters
    ----------
    text_cfg
        The `text_cfg` of the model's config.
    folder
        Where the weights lie; a tokenizer that lies beside them is used before one of the hub.
    """

    def __init__(self, text_cfg: Mapping[str, Any], folder: Path):
        self._config, self._folder = text_cfg, folder
        self._opened: Any = None
        self.context = int(text_cfg.get("context_length") or _CONTEXT)

    def __call__(self, texts: Sequence[str]) -> Any:
        """Return the tokens of texts, int64 `(n, context)`.

        Raises
        ------
        InputError
            A text is empty, or has more tokens than the tower reads.
        EncoderUnavailableError
            The tokenizer's library or its files are not there.
        """
        tokenizer = self._open()
        for text in texts:
            if not text.strip():
                raise InputError("text: it is empty; write what to look for")
            if (tokens := self._length(tokenizer, text)) > self.context:
                raise InputError(
                    f"text: {text[:40]!r} … has {tokens} tokens, and this encoder reads "
                    f"{self.context}; make it shorter"
                )
        return tokenizer(list(texts))

    def _length(self, tokenizer: Any, text: str) -> int:
        """Return how many tokens a text has, the marks at its ends among them."""
        inner = getattr(tokenizer, "tokenizer", None)
        if inner is None:
            return len(tokenizer.encode(text)) + 2
        return len(inner(tokenizer.clean_fn(text), truncation=False).input_ids)

    def _open(self) -> Any:
        if self._opened is None:
            try:
                self._opened = self._made()
            except ImportError as error:
                raise EncoderUnavailableError(NEEDS_TRANSFORMERS) from error
            except Exception as error:
                # The tokenizers' library fails in many types; all mean the same here.
                raise EncoderUnavailableError(
                    "the tokenizer of this encoder cannot be opened "
                    f"({' '.join(str(error).split())[:200]}); put its files ({TOKENIZERS[0]}) "
                    f"beside the weights in {self._folder}"
                ) from error
        return self._opened

    def _made(self) -> Any:
        from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

        options = dict(self._config.get("tokenizer_kwargs") or {})
        name = self._config.get("hf_tokenizer_name")
        if not name:
            return SimpleTokenizer(context_length=self.context, **options)
        beside = any((self._folder / file).is_file() for file in TOKENIZERS)
        return HFTokenizer(
            str(self._folder) if beside else name,
            context_length=self.context,
            tokenizer_mode=self._config.get("tokenizer_mode"),
            **options,
        )
