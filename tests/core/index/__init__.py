"""What lies in an index, whichever store it is."""
