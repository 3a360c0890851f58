"""Fetching an archive over https, continuing where an earlier try stopped."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from voiceskill.errors import ModelError

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are and the bytes there will be, None while that is not known."""

MOST_BYTES = 4 << 30
NETWORK_SECONDS = 30.0
"""Longest wait for the next bytes."""

_BLOCK = 1 << 18


def quiet(there: int, whole: int | None) -> None:
    """Report nothing."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to something that can be listened to or changed."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse what ``_check_address`` refuses."""
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_address(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not local:
        raise ModelError(f"'{url}' is not an https address.", "Use https, or a downloaded file.")


def download(name: str, url: str, archive: Path, size_bytes: int, progress: Progress) -> None:
    """Fetch ``url`` to ``archive``, continuing what is there already if the server can.

    ``size_bytes`` is the size to expect, 0 when unknown. Raises ModelError, with what has come so
    far left in place; what it holds is for the caller to verify.
    """
    _check_address(url)
    there = archive.stat().st_size if archive.exists() else 0
    if size_bytes and there >= size_bytes:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"})
    opener = urllib.request.build_opener(_HttpsOnly)
    try:
        with opener.open(request, timeout=NETWORK_SECONDS) as response:
            continued = response.status == http.HTTPStatus.PARTIAL_CONTENT
            _receive(response, archive, there if continued else 0, size_bytes, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and there:
            return  # All of it was there already; the digest decides.
        raise ModelError(
            f"{url} answered {error.code} {error.reason}.", "Check the address."
        ) from error
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        ConnectionError,
        ssl.SSLError,
        TimeoutError,
    ) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ModelError(
            f"The download of '{name}' stopped: {reason}.",
            "Run the same command again to continue, or fetch the file on another machine and "
            "run: voiceskill models add FILE",
        ) from error


def _receive(
    response: http.client.HTTPResponse,
    archive: Path,
    there: int,
    size_bytes: int,
    progress: Progress,
) -> None:
    coming = response.headers.get("Content-Length", "")
    whole = there + int(coming) if coming.isdigit() else size_bytes or None
    limit = size_bytes or MOST_BYTES
    if whole and whole > limit:
        raise ModelError(f"The archive has {whole} bytes instead of at most {limit}.", "")
    with archive.open("ab" if there else "wb") as file:
        while block := response.read(_BLOCK):
            there += len(block)
            if there > limit:
                raise ModelError(f"The archive has more than {limit} bytes.", "Check the address.")
            file.write(block)
            progress(there, whole)
    if whole and there < whole:
        raise http.client.IncompleteRead(b"", whole - there)
