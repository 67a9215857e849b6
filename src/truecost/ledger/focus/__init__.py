"""Priced usage as FOCUS rows, at list prices or under a contract."""
