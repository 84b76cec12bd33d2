"""The WriteSet proven on two very different stores; each file goes when the real adapter has the same tests."""
