"""3 × 3 matrices in plain Python: the same bits on every machine, which LAPACK does not promise."""

from collections.abc import Iterable

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


def matrix_of(rows: Iterable[Iterable[float]]) -> Matrix:
    """Nested tuples of floats."""
    (a, b, c), (d, e, f), (g, h, i) = ((float(one) for one in row) for row in rows)
    return (a, b, c), (d, e, f), (g, h, i)


def product(left: Matrix, right: Matrix) -> Matrix:
    """The product of two matrices."""
    columns = list(zip(*right, strict=True))
    return matrix_of(
        [sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in left
    )


def inverse(matrix: Matrix) -> Matrix:
    """The inverse, by cofactors.

    Raises:
        ZeroDivisionError: There is none.
    """
    (a, b, c), (d, e, f), (g, h, i) = matrix
    first, second, third = e * i - f * h, f * g - d * i, d * h - e * g
    determinant = a * first + b * second + c * third
    cofactors = (
        (first, c * h - b * i, b * f - c * e),
        (second, a * i - c * g, c * d - a * f),
        (third, b * g - a * h, a * e - b * d),
    )
    return matrix_of([one / determinant for one in row] for row in cofactors)


def scaled_columns(matrix: Matrix, factors: Iterable[float]) -> Matrix:
    """Each column times its factor."""
    own = tuple(factors)
    return matrix_of([x * factor for x, factor in zip(row, own, strict=True)] for row in matrix)


def scaled_rows(matrix: Matrix, factors: Iterable[float]) -> Matrix:
    """Each row times its factor."""
    return matrix_of([x * factor for x in row] for row, factor in zip(matrix, factors, strict=True))


def with_rows_of_sum_one(matrix: Matrix) -> Matrix:
    """Each row divided by its sum, so that white stays white."""
    return scaled_rows(matrix, [1 / sum(row) for row in matrix])
