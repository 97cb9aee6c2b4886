"""Where pictures come from: camera, video file, folder of pictures, the drawn demo."""
