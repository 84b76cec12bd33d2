"""What must hold when servers die: real processes, killed while clients write."""
