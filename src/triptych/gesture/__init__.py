"""Panel 1: hand signs become icons on the video, and the picture is covered when you leave.

Data goes one way: sources -> perceive -> decide -> show -> publish.
"""
