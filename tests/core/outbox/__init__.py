"""The rules of the outbox, without a store."""
