"""Threat models, objectives, gradients and the engine that runs attacks.

Reading order: threat, norms, inside (what is allowed); objectives, pipeline, gradients, remedies
(what is climbed); rules and the attacks built on them; engine, attack, evaluation.
"""
