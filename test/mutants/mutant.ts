/** A fault put into the code. At least one of its tests must fail then. */
export interface Mutant {
  /** What goes wrong for a user. */
  what: string;
  file: string;
  /** Each text is found exactly once in the file, and replaced. */
  edits: readonly (readonly [from: string, to: string])[];
  /** Test files, of which one must fail. */
  tests: readonly string[];
}

/** The text of a file with the fault in it. */
export function mutate(text: string, { file, edits }: Mutant): string {
  return edits.reduce((edited, [from, to]) => {
    const parts = edited.split(from);
    if (parts.length !== 2) throw new Error(`expected once in ${file}, found ${parts.length - 1} times: ${from}`);
    return parts.join(to);
  }, text);
}
