"""Charts as SVG text, drawn by small pure functions: scales, labels that keep apart, a file a kind of chart.

Each chart is drawn twice, for a page 720 and one 350 units wide, and the page's style sheet shows the one
that fits, so that the text never shrinks below reading size. Colours are variables of the page, so one
drawing serves light, dark and print. Text is text, and nothing needs a script.
"""
