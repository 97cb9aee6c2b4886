"""EMPIR: two networks of few bits and one of full precision vote (Sen et al. 2020)."""
