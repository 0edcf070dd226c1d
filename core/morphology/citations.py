"""The papers that a comparison of forms rests on, as they are cited: author, year, title, DOI."""

from collections.abc import Iterable

#: By the name that the paragraph of methods uses in its text.
PAPERS: dict[str, str] = {
    "Alekseyenko 2016": "Alekseyenko AV (2016). Multivariate Welch t-test on distances. "
    "Bioinformatics 32:3552–3558. doi:10.1093/bioinformatics/btw524",
    "Anderson 2001": "Anderson MJ (2001). A new method for non-parametric multivariate analysis of "
    "variance. Austral Ecology 26:32–46. doi:10.1111/j.1442-9993.2001.01070.pp.x",
    "Anderson 2006": "Anderson MJ (2006). Distance-based tests for homogeneity of multivariate "
    "dispersions. Biometrics 62:245–253. doi:10.1111/j.1541-0420.2005.00440.x",
    "Anderson and Legendre 1999": "Anderson MJ, Legendre P (1999). An empirical comparison of "
    "permutation methods for tests of partial regression coefficients in a linear model. Journal "
    "of Statistical Computation and Simulation 62:271–303. doi:10.1080/00949659908811936",
    "Anderson and Walsh 2013": "Anderson MJ, Walsh DCI (2013). PERMANOVA, ANOSIM, and the Mantel "
    "test in the face of heterogeneous dispersions: What null hypothesis are you testing? "
    "Ecological Monographs 83:557–574. doi:10.1890/12-2010.1",
    "Benjamini and Hochberg 1995": "Benjamini Y, Hochberg Y (1995). Controlling the false "
    "discovery rate: a practical and powerful approach to multiple testing. Journal of the Royal "
    "Statistical Society B 57:289–300. doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Brown and Forsythe 1974": "Brown MB, Forsythe AB (1974). The ANOVA and multiple comparisons "
    "for data with heterogeneous variances. Biometrics 30:719–724. doi:10.2307/2529238",
    "Clarke 1993": "Clarke KR (1993). Non-parametric multivariate analyses of changes in community "
    "structure. Australian Journal of Ecology 18:117–143. doi:10.1111/j.1442-9993.1993.tb00438.x",
    "Cornwell et al. 2006": "Cornwell WK, Schwilk DW, Ackerly DD (2006). A trait-based test for "
    "habitat filtering: convex hull volume. Ecology 87:1465–1471. "
    "doi:10.1890/0012-9658(2006)87[1465:ATTFHF]2.0.CO;2",
    "Efron and Stein 1981": "Efron B, Stein C (1981). The jackknife estimate of variance. Annals "
    "of Statistics 9:586–596. doi:10.1214/aos/1176345462",
    "Felsenstein 1985": "Felsenstein J (1985). Confidence limits on phylogenies: an approach using "
    "the bootstrap. Evolution 39:783–791. doi:10.2307/2408678",
    "Fisher 1936": "Fisher RA (1936). The use of multiple measurements in taxonomic problems. "
    "Annals of Eugenics 7:179–188. doi:10.1111/j.1469-1809.1936.tb02137.x",
    "Freedman and Lane 1983": "Freedman D, Lane D (1983). A nonstochastic interpretation of "
    "reported significance levels. Journal of Business & Economic Statistics 1:292–298. "
    "doi:10.1080/07350015.1983.10509354",
    "Gotelli and Colwell 2001": "Gotelli NJ, Colwell RK (2001). Quantifying biodiversity: "
    "procedures and pitfalls in the measurement and comparison of species richness. Ecology "
    "Letters 4:379–391. doi:10.1046/j.1461-0248.2001.00230.x",
    "Guillerme et al. 2020": "Guillerme T, Puttick MN, Marcy AE, Weisbecker V (2020). Shifting "
    "spaces: Which disparity or dissimilarity measurement best summarize occupancy in "
    "multidimensional spaces? Ecology and Evolution 10:7261–7275. doi:10.1002/ece3.6452",
    "Guillot and Rousset 2013": "Guillot G, Rousset F (2013). Dismantling the Mantel tests. "
    "Methods in Ecology and Evolution 4:336–344. doi:10.1111/2041-210x.12018",
    "Hamidi et al. 2019": "Hamidi B, Wallace K, Vasu C, Alekseyenko AV (2019). W*d-test: robust "
    "distance-based multivariate analysis of variance. Microbiome 7:51. "
    "doi:10.1186/s40168-019-0659-9",
    "Harris et al. 2020": "Harris CR, Millman KJ, van der Walt SJ, et al. (2020). Array "
    "programming with NumPy. Nature 585:357–362. doi:10.1038/s41586-020-2649-2",
    "Jolliffe and Cadima 2016": "Jolliffe IT, Cadima J (2016). Principal component analysis: a "
    "review and recent developments. Philosophical Transactions of the Royal Society A "
    "374:20150202. doi:10.1098/rsta.2015.0202",
    "Ledoit and Wolf 2004": "Ledoit O, Wolf M (2004). A well-conditioned estimator for "
    "large-dimensional covariance matrices. Journal of Multivariate Analysis 88:365–411. "
    "doi:10.1016/S0047-259X(03)00096-4",
    "Lürig et al. 2025": "Lürig MD, et al. (2025). Aposematic color patterns are the dominant axis "
    "of phenotypic diversification in Nymphalid butterflies. Code: "
    "https://github.com/mluerig/nymphalid-phenomics",
    "Mantel 1967": "Mantel N (1967). The detection of disease clustering and a generalized "
    "regression approach. Cancer Research 27:209–220.",
    "Mouillot et al. 2013": "Mouillot D, Graham NAJ, Villéger S, Mason NWH, Bellwood DR (2013). A "
    "functional approach reveals community responses to disturbances. Trends in Ecology & "
    "Evolution 28:167–177. doi:10.1016/j.tree.2012.10.004",
    "Olejnik and Algina 2003": "Olejnik S, Algina J (2003). Generalized eta and omega squared "
    "statistics: measures of effect size for some common research designs. Psychological Methods "
    "8:434–447. doi:10.1037/1082-989X.8.4.434",
    "Phipson and Smyth 2010": "Phipson B, Smyth GK (2010). Permutation P-values should never be "
    "zero: calculating exact P-values when permutations are randomly drawn. Statistical "
    "Applications in Genetics and Molecular Biology 9:39. doi:10.2202/1544-6115.1585",
    "Smouse et al. 1986": "Smouse PE, Long JC, Sokal RR (1986). Multiple regression and "
    "correlation extensions of the Mantel test of matrix correspondence. Systematic Zoology "
    "35:627–632. doi:10.2307/2413122",
    "Sokal and Michener 1958": "Sokal RR, Michener CD (1958). A statistical method for evaluating "
    "systematic relationships. University of Kansas Science Bulletin 38:1409–1438.",
    "Sokal and Rohlf 1962": "Sokal RR, Rohlf FJ (1962). The comparison of dendrograms by objective "
    "methods. Taxon 11:33–40. doi:10.2307/1217208",
    "Spearman 1904": "Spearman C (1904). The proof and measurement of association between two "
    "things. American Journal of Psychology 15:72–101. doi:10.2307/1412159",
    "Tenenbaum et al. 2000": "Tenenbaum JB, de Silva V, Langford JC (2000). A global geometric "
    "framework for nonlinear dimensionality reduction. Science 290:2319–2323. "
    "doi:10.1126/science.290.5500.2319",
    "Violle et al. 2017": "Violle C, Thuiller W, Mouquet N, et al. (2017). Functional rarity: the "
    "ecology of outliers. Trends in Ecology & Evolution 32:356–367. "
    "doi:10.1016/j.tree.2017.02.002",
    "Virtanen et al. 2020": "Virtanen P, Gommers R, Oliphant TE, et al. (2020). SciPy 1.0: "
    "fundamental algorithms for scientific computing in Python. Nature Methods 17:261–272. "
    "doi:10.1038/s41592-019-0686-2",
}


def cite(*names: str) -> str:
    """Return papers as they stand in a text: "(Anderson 2001; Fisher 1936)".

    Raises
    ------
    KeyError
        There is no such paper.
    """
    for name in names:
        PAPERS[name]
    return f"({'; '.join(names)})"


def cited_in(text: str) -> list[str]:
    """Return the full references of the papers that a text names, by author."""
    return _listed(name for name in PAPERS if name in text)


def _listed(names: Iterable[str]) -> list[str]:
    return [PAPERS[name] for name in sorted(names, key=str.casefold)]
