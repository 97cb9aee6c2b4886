"""Scenes over time -> what to show and what has happened. Pure: time comes in as an argument."""
