"""Decisions -> pixels: icons, progress ring, away card."""
