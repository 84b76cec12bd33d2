"""Tests of the rules of queues, without a store."""
