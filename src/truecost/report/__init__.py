"""The faces of a result: terminal text, exports, pages. Pure: plain values in, text out."""
