"""The same traffic served by an API, on a fleet, or by both: USD a month, and the volume where they meet."""
