import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDuckDb } from '../../shared/engines/duckdb/engine';
import type { Access, Engine } from '../../shared/engines/engine';
import type { ReleaseOutcome } from '../../shared/export/release-periods';
import { runExport } from '../../shared/export/run-export';
import { parseReleaseRequest, runRelease } from '../../shared/export/run-release';
import { sourceTableNames } from '../../shared/metrics/source-contract';
import type { ReleaseSettings } from '../../shared/platform/config';
import { testGate, testRun } from './run';
import { writeSource } from './source-files';
import type { SourceRows } from './source-rows';
import { inTemporaryFolder } from './temporary-folder';

/** A source and a warehouse file that stays from one run to the next. */
export interface Place {
  folder: string;
  open: (access?: Access) => Promise<Engine>;
  write: (rows: SourceRows) => Promise<void>;
}

const sourceFiles = sourceTableNames.map((table) => `${table}.parquet`);

let runs = 0;

/** Exports and releases of some rows, by default made at `now` and with `settings`. */
export function releasePlaces({
  rows,
  timeZone,
  now,
  settings: usual,
}: {
  rows: SourceRows;
  timeZone: string;
  now: Date;
  settings: ReleaseSettings;
}) {
  /** The files of `rows`, which each place begins with. */
  let written: [name: string, bytes: Buffer][] | null = null;

  async function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
    await inTemporaryFolder(async (folder) => {
      const warehouse = join(folder, 'warehouse.duckdb');
      const write = (source: SourceRows) => writeSource(folder, 'parquet', source);
      if (written === null) {
        await write(rows);
        written = sourceFiles.map((name) => [name, readFileSync(join(folder, name))]);
      } else for (const [name, bytes] of written) writeFileSync(join(folder, name), bytes);
      const config = { engine: 'duckdb', warehouse, source: { kind: 'path', path: folder } } as const;
      await work({ folder, write, open: (access = 'export') => openDuckDb({ config, access, now }) });
    });
  }

  async function exportDates({ open }: Place, dates: string[], startedAt = now, release: ReleaseSettings | null = usual) {
    const engine = await open();
    const run = testRun({ id: `run-${++runs}` });
    try {
      return await runExport(dates, {
        engine,
        run,
        timeZone,
        startedAt,
        now: () => startedAt,
        dryRun: false,
        gate: testGate,
        release,
      });
    } finally {
      await engine.close();
    }
  }

  async function releaseDates(
    { open }: Place,
    [from, to]: [string, string],
    options: { at?: Date; replace?: { reason: string; acceptSmallChanges: boolean }; settings?: ReleaseSettings } = {},
  ): Promise<ReleaseOutcome[]> {
    const releasedAt = options.at ?? now;
    const settings = options.settings ?? usual;
    const request = parseReleaseRequest({ from, to }, { timeZone, grain: settings.grain, now: releasedAt });
    const run = testRun({ id: `run-${++runs}` });
    const common = { run, timeZone, releasedAt, now: () => releasedAt };
    return runRelease(request, {
      ...common,
      openEngine: open,
      gate: testGate,
      settings,
      replace: options.replace ?? null,
    });
  }

  async function read<Result>({ folder, open }: Place, work: (engine: Engine) => Promise<Result>): Promise<Result> {
    const isThere = existsSync(join(folder, 'warehouse.duckdb'));
    const engine = await open(isThere ? 'read' : 'export'); // to read, no source is opened
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  }

  const released = (place: Place, from = '2025-01-01') =>
    read(place, (engine) => engine.readRelease(usual.grain, from, '2025-12-31'));
  const records = (place: Place) => read(place, (engine) => engine.readRuns({ newest: 100 }));

  return { inPlace, exportDates, releaseDates, read, released, records };
}
