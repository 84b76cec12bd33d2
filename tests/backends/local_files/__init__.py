"""Kind local_files: what the contract suite can't see."""
