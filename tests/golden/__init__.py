"""Documents that Conductor 3.13.8 itself stored, and what becomes of them in Podium."""
