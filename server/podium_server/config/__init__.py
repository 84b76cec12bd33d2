"""The configuration: layers of settings, resolved against the kinds of stores that exist."""
