"""The measurements: one module for each point, each a function from a ``Bench`` to results."""
