"""The reads of IndexDAO: what a call asks for becomes a search or a look-up, which any index carries out."""

from podium_core.searching.index_reads import IndexReads

__all__ = ["IndexReads"]
