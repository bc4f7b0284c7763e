import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Access } from '../../shared/engines/engine';
import { createOpener } from '../../shared/engines/open';
import { parseConfig } from '../../shared/platform/config';
import { createLog } from '../../shared/platform/log';
import { holdWarehouse } from '../support/hold-warehouse';
import { ended, queryDuckDb, startKpi } from '../support/kpi-command';
import { sample } from '../support/sample';
import { writeSmallSource } from '../support/small-source';

/** A warehouse that another process has open is waited for. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-busy-'));
const warehouse = join(folder, 'warehouse.duckdb');
const source = writeSmallSource(folder);
const start = (...args: string[]) => startKpi(folder, [...args, '--warehouse', warehouse]);
const exportOf = (date: string) => start('export', '--source', source, '--date', date, '--json');

beforeAll(() => ended(exportOf('2025-12-23')));
afterAll(() => rmSync(folder, { recursive: true }));

/** Ends when the command has said that it waits. */
async function untilItWaits(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no output');
  for await (const line of createInterface(child.stderr)) if (line.includes('waiting for the warehouse')) return;
  throw new Error('it did not wait');
}

test.each([
  ['export', ['export', '--source', source, '--date', '2025-12-22']],
  ['show', ['show', '--date', '2025-12-23', '--json']],
])('%s says that it waits, and goes on once the file is free', async (_, args) => {
  const release = await holdWarehouse(warehouse);
  try {
    const child = start(...args);
    const result = ended(child);
    await untilItWaits(child);
    await release();
    expect(await result).toMatchObject({ code: 0 });
  } finally {
    await release();
  }
});

test('Ctrl-C ends the wait', async () => {
  const release = await holdWarehouse(warehouse);
  try {
    const child = exportOf('2025-12-21');
    const result = ended(child);
    await untilItWaits(child);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ signal: 'SIGINT', stdout: '' }); // nothing was begun: the process just ends
  } finally {
    await release();
  }
});

test('exports and readers fail with BUSY after their waiting time', async () => {
  const release = await holdWarehouse(warehouse);
  const givesUp = async (access: Access) => {
    const lines: string[] = [];
    const open = createOpener(parseConfig({}, { warehouse, source }), () => new Date());
    const log = createLog({ level: 'info', format: 'text', write: (line) => lines.push(line) });
    await expect(open(access, { log, forMs: 1_500 })).rejects.toMatchObject({
      code: 'BUSY',
      message: `warehouse ${warehouse} is open in another process, and was for 2 s; close it there and try again`,
    });
    expect(lines).toEqual([
      `warning waiting for the warehouse code=BUSY error=warehouse ${warehouse} is open in another process`,
    ]);
  };
  try {
    await Promise.all([givesUp('export'), givesUp('read')]);
  } finally {
    await release();
  }
});

/** Exported five at once. */
const november = sample(
  Array.from({ length: 25 }, (_, index) => `2025-11-${String(index + 1).padStart(2, '0')}`),
  5,
);

test('concurrent exports succeed while a page is read all the time', async () => {
  const server = start('dashboard', '--serve', '--port', '0');
  if (server.stdout === null) throw new Error('no output');
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0] ?? '';
  let isReading = true;
  const answers: number[] = [];
  const readers = [1, 2].map(async () => {
    while (isReading) {
      const response = await fetch(url);
      await response.text();
      answers.push(response.status);
    }
  });
  try {
    const dates = [...november];
    const codes: (number | null)[] = [];
    while (dates.length > 0) {
      const results = await Promise.all(dates.splice(0, 5).map((date) => ended(exportOf(date))));
      codes.push(...results.map(({ code }) => code));
    }
    expect(codes).toEqual(november.map(() => 0));
    expect(answers).toContain(200);
  } finally {
    isReading = false;
    await Promise.all(readers);
    server.kill();
    await once(server, 'close');
  }
  const sql = "SELECT count(DISTINCT report_date) FROM kpi_metrics.daily_funnel WHERE report_date < '2025-12-01'";
  expect(await queryDuckDb(warehouse, sql)).toEqual([[String(november.length)]]);
}, 180_000);
