"""The training step: how long it takes, where the time goes, what it keeps in memory."""
