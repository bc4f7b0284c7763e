import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDuckDb } from '../../shared/engines/duckdb/engine';
import type { Grain } from '../../shared/metrics/grain';
import type { ReleasedRow } from '../../shared/metrics/tables/released';
import { testRun } from './run';

/** The section of kpi.config.json that a package can't do without. */
export const publication = {
  title: 'Weekly metrics of Example',
  licence: 'CC-BY-4.0',
  contact: { name: 'Example Inc., data team', email: 'data@example.org' },
};

/** A folder with released periods in its warehouse, and with settings of which the release is what `section` says. */
export async function folderWithRelease(
  folder: string,
  rows: readonly ReleasedRow[],
  { grain = 'week', section = publication }: { grain?: Grain; section?: object } = {},
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await putReleased(folder, rows, grain);
  writeSettings(folder, { release: section, releaseGrain: grain });
}

/** Puts out rows as they are; one that is there is overwritten. */
export async function putReleased(folder: string, rows: readonly ReleasedRow[], grain: Grain = 'week'): Promise<void> {
  const warehouse = join(folder, 'kpi.duckdb');
  const config = { engine: 'duckdb', warehouse, source: { kind: 'demo' } } as const;
  const engine = await openDuckDb({ config, access: existsSync(warehouse) ? 'write' : 'export', now: new Date() });
  try {
    for (const row of rows) await engine.writeRelease(row, { grain, replace: true }, testRun());
  } finally {
    await engine.close();
  }
}

export function writeSettings(folder: string, settings: object): void {
  const usual = { source: './data', warehouse: 'kpi.duckdb', timeZone: 'Europe/Berlin' };
  writeFileSync(join(folder, 'kpi.config.json'), JSON.stringify({ ...usual, ...settings }));
}
