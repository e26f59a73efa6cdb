"""Whether every name in a model is text: a file may hold any bytes where one should stand."""

from __future__ import annotations

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from sparsesim.errors import ModelError

# Texts about the model, which nothing here reads.
_UNREAD = ("doc_string", "metadata_props", "producer_name", "producer_version")


def check_texts(message: Message, where: str) -> None:
    """Check the names in a message and in those within it.

    Args:
        message: a parsed model.
        where: the model's name in errors.
    Raises:
        ModelError: one is no UTF-8.
    """
    waiting = [message]
    while waiting:
        for field, value in waiting.pop().ListFields():
            if field.name in _UNREAD:
                continue
            found = [value] if isinstance(value, str | bytes | Message) else value
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                waiting.extend(found)
            if field.type == FieldDescriptor.TYPE_STRING and not all(map(_is_text, found)):
                raise ModelError(f"{where}: not a valid ONNX model: a text in it is no UTF-8")


def _is_text(found: str | bytes) -> bool:
    return isinstance(found, str)  # protobuf gives as bytes what it cannot decode
