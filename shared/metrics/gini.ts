/**
 * Gini coefficient of a distribution given as value → number of holders: with x_1 ≤ … ≤ x_n,
 * G = 2 Σ i·x_i / (n Σ x_i) − (n + 1) / n. Null if the values sum to 0 or there are none.
 */
export function gini(holdersByValue: ReadonlyMap<number, number>): number | null {
  const fraction = giniFraction(holdersByValue);
  // one division of integers, so that an even spread gives exactly 0
  return fraction && Number(fraction.numerator) / Number(fraction.denominator);
}

/** The same as an exact fraction. */
export function giniFraction(holdersByValue: ReadonlyMap<number, number>): { numerator: bigint; denominator: bigint } | null {
  let n = 0n;
  let sum = 0n;
  let twiceWeighted = 0n;
  for (const [value, count] of [...holdersByValue].sort(([a], [b]) => a - b)) {
    const x = BigInt(value);
    const holders = BigInt(count);
    // the ranks n + 1 … n + holders all have the same value
    twiceWeighted += x * holders * (2n * n + holders + 1n);
    n += holders;
    sum += x * holders;
  }
  return sum === 0n ? null : { numerator: twiceWeighted - (n + 1n) * sum, denominator: n * sum };
}
