"""Encoders of one's own: functions, ONNX files and compiled programs, checked before use."""
