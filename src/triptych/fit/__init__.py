"""One training loop for all panels: checkpoints, exact resume, progress, trackers."""
