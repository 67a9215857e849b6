"""Laws of money over time: annuity, depreciation, discounting, crossings, clusters, runway.

Pure functions over `Value` (a float, or an array with the draws on its last axis). Series run over
months on their first axis: shape (months,) or (months, draws). Modules are imported one by one.
"""
