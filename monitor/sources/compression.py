"""Content-Encoding undone within bounds: a kilobyte that unpacks to gigabytes is stopped at the cap."""

from __future__ import annotations

import zlib

import brotli
from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
_STEP = 256 * 1024
_MOST_LAYERS = 2


class TooLargeError(Exception):
    """More bytes than the cap."""


class CorruptError(Exception):
    """Not what the header says it is."""


def decompress(body: bytes, *, encoding: str, limit: int) -> bytes:
    """`body` without its encodings (a header value such as `gzip` or `br`). Raises TooLargeError, CorruptError."""
    layers = [name.strip().lower() for name in encoding.split(",") if name.strip().lower() not in {"", "identity"}]
    if len(layers) > _MOST_LAYERS:
        raise CorruptError(f"{len(layers)} layers of compression")
    for name in reversed(layers):
        body = _undo(body, name=name, limit=limit)
    return body


def _undo(body: bytes, *, name: str, limit: int) -> bytes:
    try:
        if name in {"gzip", "x-gzip", "deflate"}:
            return _zlib(body, limit=limit)
        if name == "br":
            return _brotli(body, limit=limit)
        if name == "zstd":
            return _zstd(body, limit=limit)
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        # Servers that say gzip and send plain text exist; a feed or page shows itself by its first character.
        if body.lstrip()[:1] in {b"<", b"{", b"\xef"}:
            return body
        raise CorruptError(f"not valid {name}: {error}") from error
    raise CorruptError(f"unknown content encoding {name[:40]!r}")


def _zlib(body: bytes, *, limit: int) -> bytes:
    try:
        return _bounded_zlib(body, limit=limit, window=zlib.MAX_WBITS | 32)
    except zlib.error:
        if body.startswith(b"\x1f\x8b"):
            raise
        return _bounded_zlib(body, limit=limit, window=-zlib.MAX_WBITS)  # "deflate" without its header, as some send


def _bounded_zlib(body: bytes, *, limit: int, window: int) -> bytes:
    out, rest = bytearray(), body
    while rest:  # gzip files may be several members in a row
        stream = zlib.decompressobj(window)
        out += stream.decompress(rest, limit + 1 - len(out))
        if len(out) > limit:
            raise TooLargeError
        if not out:
            raise zlib.error("nothing in it")
        if not stream.eof or window < 0:
            break
        rest = stream.unused_data.lstrip(b"\0")
    return bytes(out)


def _brotli(body: bytes, *, limit: int) -> bytes:
    stream, out = brotli.Decompressor(), bytearray()
    piece = stream.process(body, output_buffer_limit=_STEP)
    while piece:
        out += piece
        if len(out) > limit:
            raise TooLargeError
        piece = stream.process(b"", output_buffer_limit=_STEP)
    return bytes(out)


def _zstd(body: bytes, *, limit: int) -> bytes:
    out, rest = bytearray(), body
    while rest:
        # 8 MB is the window that RFC 9659 allows for HTTP.
        stream = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})
        out += stream.decompress(rest, max_length=limit + 1 - len(out))
        if len(out) > limit:
            raise TooLargeError
        if not stream.eof:
            break
        rest = stream.unused_data
    return bytes(out)
