"""The demo: a person and hands drawn by the project, and the script that they play."""
