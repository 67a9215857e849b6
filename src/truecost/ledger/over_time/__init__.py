"""Cost over time: by day, what the month will have cost, the days that stand out, budgets."""
