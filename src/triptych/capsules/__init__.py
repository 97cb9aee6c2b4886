"""Stacked Capsule Autoencoders (Kosiorek, Sabour, Teh, Hinton 2019): pictures -> parts -> objects.

Data flows geometry -> mixture -> parts -> objects -> model -> losses -> train; nothing flows back.
"""
