"""Adversarial training: the defence that holds, and the measure of what an attack may find."""
