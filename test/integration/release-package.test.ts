import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator, withRelease } from '../support/bigquery-emulator';
import { readCase } from '../support/cases';
import { ended, startKpi } from '../support/kpi-command';
import { folderWithRelease, publication, writeSettings } from '../support/release-package';
import { releasedRows } from '../support/released-rows';
import { testRun } from '../support/run';
import { inTemporaryFolder } from '../support/temporary-folder';

if (!emulatorIsAvailable)
  process.stderr.write('A package out of BigQuery needs an emulator; see the other tests of this folder.\n');

(emulatorIsAvailable ? describe : describe.skip)('a package out of BigQuery', () => {
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await openEmulator();
  }, 200_000);

  afterAll(() => emulator?.close());

  test('has the same bytes as one of the same rows out of the embedded engine', async () => {
    const rows = releasedRows(6);
    const { folder: source } = readCase('session_across_midnight');
    await inTemporaryFolder((folder) =>
      withRelease(emulator, () =>
        inWarehouse(emulator, source, async ({ dataset, newEngine }) => {
          for (const row of rows) await newEngine().putRelease(row, { grain: 'week', replace: false }, testRun());
          const [embedded, cloud] = [join(folder, 'embedded'), join(folder, 'cloud')];
          await folderWithRelease(embedded, rows);
          mkdirSync(cloud);
          writeSettings(cloud, {
            ...{ warehouse: `bigquery:test.${dataset}`, source: `test.${dataset}`, location: 'US', release: publication },
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
