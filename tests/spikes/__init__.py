"""The WriteSet proven on two very different stores: they stay as tests until the real adapters replace them."""
