"""Making the model files: Google's TFLite networks, converted to ONNX and checked."""
