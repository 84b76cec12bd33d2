"""Indices of single tests on an Elasticsearch that all share."""

from __future__ import annotations

from urllib.request import Request, urlopen


def remove_indices(url: str, prefix: str) -> None:
    """Delete what a test has made below its prefix."""
    for path in (f"{prefix}_*", f"_template/podium_{prefix}_*"):
        request = Request(f"{url}/{path}", method="DELETE")  # noqa: S310
        try:
            with urlopen(request, timeout=60) as response:  # noqa: S310
                response.read()
        except OSError as error:
            # Without a match a pattern of templates is answered by 404.
            if getattr(error, "code", 0) != 404:
                raise
