"""Pages, without a store."""
