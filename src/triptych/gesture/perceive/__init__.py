"""Picture -> what is in it: hands, their gestures, faces. ONNX Runtime only."""
