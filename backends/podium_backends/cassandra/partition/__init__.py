"""A workflow's partition: its rows, how they are read, and what a write changes in them."""
