"""The adapters, one folder per store, and the registry that knows them."""
