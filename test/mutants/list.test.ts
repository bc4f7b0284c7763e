import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutants } from './list';
import { mutate } from './mutant';

const root = join(__dirname, '../..');

/** Where code has moved, a fault must move along, or nobody knows any more whether it would be noticed. */
test.each(Object.entries(mutants))('%s still fits the code', (_, mutant) => {
  const text = readFileSync(join(root, mutant.file), 'utf8');
  expect(mutate(text, mutant)).not.toBe(text);
  expect(mutant.tests.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
