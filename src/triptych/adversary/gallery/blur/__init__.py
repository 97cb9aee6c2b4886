"""A Gaussian blur before the network, in the hope that perturbations are fine-grained."""
