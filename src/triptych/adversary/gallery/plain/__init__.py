"""No defence: a small convolutional network, the yardstick for all others."""
