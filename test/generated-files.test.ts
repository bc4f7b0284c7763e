import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from '../scripts/generated-files';

test.each(Object.entries(generatedFiles()))('%s is current (npm run generate)', (path, text) => {
  const file = join(__dirname, '..', path);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : null).toBe(text);
});
