"""What is particular to one backend."""
