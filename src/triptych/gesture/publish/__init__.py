"""Pixels -> virtual camera, file, page; the away card unless the analyser holds a lease."""
