export interface Slope {
  /** Of the line through the points, in units of y for a unit of x. */
  readonly slope: number;
  /** Half the width of the interval in which the slope lies with 95 %, as if the points were independent. */
  readonly error: number;
}

/**
 * Ordinary least squares.
 * @param points [x, y]; three at least.
 */
export function slopeOf(points: readonly (readonly [number, number])[]): Slope {
  const count = points.length;
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / count;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: 1.96 * Math.sqrt(residual / (count - 2) / spreadX) };
}
