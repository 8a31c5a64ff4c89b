"""The numbers that the paper prints in its Table 1.

References
----------
Vuong, T.-H., Pham, T.-H., Nguyen, T.-T., Ha, Q.-T. (2020). An Adversarial Learning and Canonical Correlation Analysis
Based Cross-Modal Retrieval Model. ACIIDS 2020, Table 1. https://doi.org/10.1007/978-3-030-41964-6_13
"""

__all__ = ["CITATION", "TABLE_1", "TABLE_1_COLUMNS", "WHY_NOT_COMPARABLE"]

CITATION = (
    "Vuong, Pham, Nguyen, Ha (2020). An Adversarial Learning and Canonical Correlation Analysis Based Cross-Modal "
    "Retrieval Model. ACIIDS 2020, Table 1"
)
TABLE_1_COLUMNS = ("I-MRR1-A", "I-MRR1-L", "C-MRR1-A", "C-MRR1-L", "R@1-A", "R@1-L", "R@5-A", "R@5-L")
# Number of components -> the columns above, in the digits that the paper prints.
TABLE_1 = {
    10: ("0.08", "0.081", "0.213", "0.212", "0.045", "0.047", "0.100", "0.099"),
    20: ("0.200", "0.200", "0.305", "0.305", "0.137", "0.136", "0.251", "0.253"),
    30: ("0.300", "0.300", "0.387", "0.387", "0.224", "0.224", "0.371", "0.376"),
    40: ("0.370", "0.366", "0.448", "0.445", "0.288", "0.284", "0.454", "0.447"),
    50: ("0.415", "0.411", "0.488", "0.484", "0.335", "0.327", "0.498", "0.496"),
    60: ("0.439", "0.436", "0.506", "0.506", "0.358", "0.354", "0.523", "0.519"),
    70: ("0.453", "0.449", "0.519", "0.517", "0.371", "0.367", "0.539", "0.535"),
    80: ("0.456", "0.452", "0.521", "0.519", "0.373", "0.370", "0.540", "0.536"),
    90: ("0.447", "0.444", "0.515", "0.513", "0.365", "0.362", "0.531", "0.529"),
    100: ("0.427", "0.425", "0.497", "0.497", "0.349", "0.346", "0.507", "0.505"),
}
WHY_NOT_COMPARABLE = (
    "The two cannot be compared directly: the paper's 10,000 songs are not public, and it does not say how many songs "
    "each query searches, nor how it treats cover versions and repeated lyrics."
)
