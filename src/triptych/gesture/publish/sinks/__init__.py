"""Where published pictures go: a virtual camera, a file, a contact sheet, nowhere."""
