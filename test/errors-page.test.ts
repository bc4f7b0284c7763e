import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureKinds } from '../shared/platform/failure';

/** docs/errors.md and the union say the same. */
test('docs/errors.md lists every code with its kind, and no other', () => {
  const page = readFileSync(join(__dirname, '../docs/errors.md'), 'utf8');
  const rows = [...page.matchAll(/^\| ([A-Z_]+) \| (permanent|retryable) \| (\d+) \|/gm)].map(([, code, kind]) => [code, kind]);
  expect(rows).toEqual(Object.entries(failureKinds));
});
