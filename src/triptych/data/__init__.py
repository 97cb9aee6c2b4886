"""Data sets on disk -> arrays: one reader a file, no panel known here."""
