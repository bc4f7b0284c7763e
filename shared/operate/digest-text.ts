import type { Digest, DigestFigure, DigestSection } from './digest';

/** A digest as plain text of at most 40 lines. */
export function renderDigestText({ title, sections, notes, origin }: Digest): string {
  return [
    title,
    '',
    ...sections.flatMap((section) => [section.sentence, ...renderTable(section), '']),
    ...notes.map((note) => `Noted: ${note}`),
    origin,
  ].join('\n');
}

/** The figures of a period in columns, then the noticed kinds of error. */
export function renderTable({ figures, kinds }: DigestSection): string[] {
  const head: DigestFigure = { name: 'Figure', value: 'Value', usual: 'Usual', mark: 'Mark', isNoticed: false };
  const rows = [head, ...figures];
  const width = (column: 'name' | 'value' | 'usual') => Math.max(...rows.map((row) => row[column].length));
  const lines = rows.map(({ name, value, usual, mark }) =>
    [name.padEnd(width('name')), value.padStart(width('value')), usual.padEnd(width('usual')), mark].join('  '),
  );
  const also = kinds.map(({ name, value, usual, mark }) => `${name} ${value} (${mark}, usual ${usual})`);
  return also.length === 0 ? lines : [...lines, `Also noticed: ${also.join('; ')}`];
}
