"""Vitrine's analysis package: from image files to embeddings, maps, clusters and reports.

It never imports dash, plotly, pages or components, so it can be used from a notebook.
"""
