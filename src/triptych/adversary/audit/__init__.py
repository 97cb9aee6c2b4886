"""Finds out by itself why a defence looks robust, and whether it is."""
