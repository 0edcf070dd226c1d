"""Maps: PCA, t-SNE and UMAP, and how faithful they are."""
