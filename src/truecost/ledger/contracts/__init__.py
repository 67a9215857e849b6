"""What is agreed with vendors: read, applied to usage, and the bill that comes of it."""
