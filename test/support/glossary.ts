import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the metrics by column, as docs/glossary.md has them. */
export function glossaryNames(): Map<string, string> {
  const text = readFileSync(join(__dirname, '../../docs/glossary.md'), 'utf8');
  return new Map(Array.from(text.matchAll(/^\| ([^|`]+) \| `(\w+)` \|/gm), ([, name = '', column = '']) => [column, name]));
}
