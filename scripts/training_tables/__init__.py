"""One module a family of published training-step measurements: raw tables in, rows of one schema out."""
