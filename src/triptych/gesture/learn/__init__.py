"""Training, evaluation, export: the only place of the panel with torch."""
