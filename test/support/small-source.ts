import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes a folder `source` with one account and one test; an export of it takes half as long as one of demo data. */
export function writeSmallSource(folder: string): string {
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'users.csv'), 'user_id,created_at\nu1,2025-11-01\n');
  const measurement = 'measurement_id,user_id,session_id,created_at,error_type\nm1,u1,s1,2025-11-01,\n';
  writeFileSync(join(source, 'measurements.csv'), measurement);
  return source;
}
