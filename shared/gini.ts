/**
 * Gini coefficient of a distribution given as value → how many hold it: with x_1 ≤ … ≤ x_n,
 * G = 2 Σ i·x_i / (n Σ x_i) − (n + 1) / n. Null where the values sum to 0 (no value at all included).
 */
export function gini(holdersByValue: ReadonlyMap<number, number>): number | null {
  let n = 0;
  let sum = 0;
  let weighted = 0;
  for (const [value, holders] of [...holdersByValue].sort(([a], [b]) => a - b)) {
    // the ranks n + 1 … n + holders all hold the same value
    weighted += value * (holders * n + (holders * (holders + 1)) / 2);
    n += holders;
    sum += value * holders;
  }
  // one division of whole numbers: an even spread is exactly 0
  return sum === 0 ? null : (2 * weighted - (n + 1) * sum) / (n * sum);
}
