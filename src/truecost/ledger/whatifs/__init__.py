"""The same usage under another model, provider, tier, batch or cache policy."""
