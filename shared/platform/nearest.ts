/** The candidate with the smallest edit distance to a name, at most three and less than half of its letters; null if there is none. */
export function nearestOf(name: string, candidates: readonly string[]): string | null {
  const limit = Math.min(3, Math.floor((name.length - 1) / 2));
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= limit ? best.candidate : null;
}

/** Letters to insert, delete or replace (Levenshtein), row by row of the matrix. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [at, other] of [...to].entries()) {
      const replaced = (row[at] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
