import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExport } from '../../shared/export/run-export';
import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator, withRelease } from '../support/bigquery-emulator';
import { readCase } from '../support/cases';
import { crowdedSource } from '../support/crowded-source';
import { ended, startKpi } from '../support/kpi-command';
import { folderWithRelease, publication, writeSettings } from '../support/release-package';
import { referenceRelease } from '../support/release-reference';
import { releasedRows } from '../support/released-rows';
import { testGate, testRun } from '../support/run';
import { sample } from '../support/sample';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';

const STARTED_AT = new Date('2032-02-29T12:34:56.789Z');
const LATER = new Date('2032-02-29T13:00:00.000Z');

if (!emulatorIsAvailable) process.stderr.write('A release in BigQuery needs an emulator; see the other tests of this folder.\n');

// nobody's release is touched
(emulatorIsAvailable && process.env.BIGQUERY_TEST_ENDPOINT ? describe : describe.skip)('a release in BigQuery', () => {
  let emulator: Emulator;

  beforeAll(() => {
    emulator = openEmulator();
  });

  // the package below is one of weeks
  const situations = [
    {
      grain: 'day',
      from: '2025-07-01',
      to: '2025-07-16',
      dates: ['2025-07-15'],
      periods: [['2025-07-04', '2025-07-04']],
    },
    {
      grain: 'week',
      from: '2025-06-10',
      to: '2025-07-13',
      dates: ['2025-07-06', '2025-07-13'],
      periods: [
        ['2025-06-16', '2025-06-22'],
        ['2025-06-23', '2025-06-29'],
      ],
    },
  ] as const;

  test.each(sample(situations, 1))(
    'a $grain is released once, by the rules, and stays when the source changes',
    async (situation) => {
      const { grain, from, to, dates, periods } = situation;
      const timeZone = 'America/New_York';
      const rows = crowdedSource({ seed: 5, timeZone, from, to, people: 600, sessions: 1500, sharedSessions: true });
      const options = {
        timeZone,
        release: { grain, minPeople: 11, roundTo: 5 },
        gate: { ...testGate, allowFall: true },
        dryRun: false,
        now: () => STARTED_AT,
      };
      await inTemporaryFolder(async (folder) => {
        await writeSource(folder, 'ndjson', rows);
        await withRelease(emulator, () =>
          inWarehouse(emulator, folder, async ({ newEngine, dataset }) => {
            const exportAgain = async (startedAt: Date) => {
              const run = testRun({ id: `release-${Date.now()}` });
              return runExport(dates, { ...options, engine: newEngine(), run, startedAt });
            };
            await exportAgain(STARTED_AT);
            const released = await newEngine().readRelease(grain, '2025-01-01', '2025-12-31');
            const reference = referenceRelease(rows, timeZone, grain);
            expect(released).toEqual(
              periods.map(([start, end]) => ({
                period_start_date: start,
                period_end_date: end,
                revision: 1,
                released_at: STARTED_AT.toISOString(),
                ...reference(start).release(11, 5),
              })),
            );
            await emulator.client.query(`DELETE FROM \`${dataset}.users\` WHERE TRUE`);
            const { reports } = await exportAgain(LATER);
            expect(reports.map(({ release }) => release?.state)).toEqual(dates.map(() => 'left'));
            expect(JSON.stringify(await newEngine().readRelease(grain, '2025-01-01', '2025-12-31'))).toBe(
              JSON.stringify(released),
            );
            const other = newEngine().readRelease(grain === 'day' ? 'week' : 'day', '2025-01-01', '2025-12-31');
            await expect(other).rejects.toMatchObject({ code: 'BAD_CONFIG' });
          }),
        );
      });
    },
  );

  test('a package has the same bytes as one of the same rows out of the embedded engine', async () => {
    const rows = releasedRows(3);
    const { folder: source } = readCase('session_across_midnight');
    await inTemporaryFolder((folder) =>
      withRelease(emulator, () =>
        inWarehouse(emulator, source, async ({ dataset, newEngine }) => {
          for (const row of rows) await newEngine().writeRelease(row, { grain: 'week', replace: false }, testRun());
          const [embedded, cloud] = [join(folder, 'embedded'), join(folder, 'cloud')];
          await folderWithRelease(embedded, rows);
          mkdirSync(cloud);
          writeSettings(cloud, {
            warehouse: `bigquery:test.${dataset}`,
            source: `test.${dataset}`,
            location: 'US',
            release: publication,
            bigqueryEndpoint: emulator.endpoint,
          });
          const filesOf = async (place: string) => {
            const { code, stderr } = await ended(startKpi(place, ['release', '--package', 'package']));
            expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
            const names = readdirSync(join(place, 'package'));
            return Object.fromEntries(names.map((name) => [name, readFileSync(join(place, 'package', name)).toString('latin1')]));
          };
          expect(await filesOf(cloud)).toEqual(await filesOf(embedded));
        }),
      ),
    );
  });
});
