"""Sections of the report, one idea a file: from the plain values of a statement to a title, a chart, a table.

A section is a function of the statement. Where a plan lacks what it would show it returns `Absent`, and the
page says so.
"""
