"""Proof: measured tables, published claims, scorecards, and the fit behind `physics/calibration.toml`."""
