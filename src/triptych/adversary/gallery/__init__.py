"""Defences to attack, one folder each."""
