"""Triptych: gesture overlay, capsule autoencoders and adversarial audits in one project."""

__version__ = "0.1.0"
