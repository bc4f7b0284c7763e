import type { Engine, SourceInspection, WarehouseInspection } from '../../../shared/engines/engine';
import type { Annotation } from '../../../shared/metrics/tables/annotations';
import { type Examination, examine } from '../../../shared/operate/doctor';
import { Failure } from '../../../shared/platform/failure';
import { testRun } from '../../support/run';

const env = { KPI_WAREHOUSE: 'bigquery:project-x.kpi_metrics', KPI_SOURCE: 'project-x.app', KPI_LOCATION: 'EU' };
const counts = { rows: 3, withoutCreatedAt: 0, before1970: 0, inFuture: 0, repeatedIds: 0, testers: null };
const counted = { bytes: 20, counts };
const table: WarehouseInspection = {
  name: 'kpi_metrics.daily_funnel',
  exists: true,
  failure: null,
  mayWrite: true,
  keepsDays: 400,
};

interface Given {
  inspection?: SourceInspection | Failure;
  warehouse?: Partial<WarehouseInspection>;
  annotations?: Annotation[];
  examination?: Partial<Examination>;
}

/** The line of one check. */
async function lineOf(wanted: string, { inspection = counted, warehouse = {}, annotations = [], examination = {} }: Given) {
  const engine = {
    inspectSource: async () => {
      if (inspection instanceof Failure) throw inspection;
      return inspection;
    },
    inspectWarehouse: async () => [{ ...table, ...warehouse }],
    readAnnotations: async () => annotations,
    close: async () => {},
  } as unknown as Engine;
  const checks = await examine({
    env,
    flags: {},
    readFile: () => ({ values: {}, unknown: [] }),
    machine: { nodeVersion: '22.1.0', freeBytes: () => ({ 'temporary files': 2 ** 31 }) },
    now: new Date('2025-12-23T23:30:00Z'),
    maxBytes: 100,
    openEngine: async () => engine,
    createRun: () => testRun(),
    ...examination,
  });
  const { ok, found, remedy } = checks.find(({ name }) => name === wanted) ?? {};
  return [ok, found, remedy];
}

const leftOut = (date: string, until: string | null, exclude = true): Annotation => ({ date, until, text: 'campaign', exclude });

test.each<[string, string, Given, unknown[]]>([
  ['no annotations', 'annotations', {}, [true, 'none; none of the last 63 days left out of comparisons', null]],
  [
    'annotations that leave few days out: none of today, none long ago, none without exclude',
    'annotations',
    {
      annotations: [leftOut('2025-12-23', null, false), leftOut('2025-12-22', '2025-12-24'), leftOut('2025-10-01', '2025-10-20')],
    },
    [true, '3; 1 of the last 63 days left out of comparisons', null],
  ],
  [
    'as many as leave enough',
    'annotations',
    { annotations: [leftOut('2025-10-21', '2025-11-24')] },
    [true, '1; 35 of the last 63 days left out of comparisons', null],
  ],
  [
    'more',
    'annotations',
    { annotations: [leftOut('2025-10-21', '2025-11-25')] },
    [
      null,
      '1; 36 of the last 63 days left out of comparisons',
      'figures are judged only with 28 days to compare with: look at exclude in kpi annotate --show',
    ],
  ],
  ['a table that is counted, with its price', 'users', {}, [true, '3 rows, 20 bytes read', null]],
  [
    'one that is too dear to count',
    'users',
    { inspection: { bytes: 12345, counts: null } },
    [true, 'readable; counting its rows would read 12,345 bytes: kpi doctor --count', null],
  ],
  [
    'an empty one',
    'users',
    { inspection: { bytes: 0, counts: { ...counts, rows: 0 } } },
    [false, '0 rows, 0 bytes read', expect.stringContaining('zeros')],
  ],
  [
    'one that may not be read',
    'users',
    { inspection: new Failure('ACCESS_DENIED', 'refused') },
    [false, 'refused (ACCESS_DENIED)', expect.stringContaining('roles/bigquery.dataViewer')],
  ],
  [
    'a failure whose message has its remedy',
    'users',
    { inspection: new Failure('SCHEMA_DRIFT', 'table x has no column y; run: terraform -chdir=infra apply') },
    [false, 'table x has no column y (SCHEMA_DRIFT)', 'run: terraform -chdir=infra apply'],
  ],
  ['a published table and how long it keeps', table.name, {}, [true, 'as defined, keeps 400 days', null]],
  [
    'one that may not be written',
    table.name,
    { warehouse: { mayWrite: false } },
    [false, expect.stringContaining('may not write'), expect.stringContaining('roles/bigquery.dataEditor')],
  ],
  [
    'one that is not there',
    table.name,
    { warehouse: { failure: new Failure('NOT_FOUND', 'none') } },
    [false, 'none (NOT_FOUND)', expect.stringContaining('terraform')],
  ],
  [
    'the time zone, and the date there',
    'time zone',
    { examination: { flags: { timeZone: 'Asia/Tokyo' } } },
    [true, 'Asia/Tokyo, where today is 2025-12-24', null],
  ],
  ['BigQuery itself', 'engine', {}, [true, 'BigQuery', null]],
  [
    'an emulator',
    'engine',
    { examination: { env: { ...env, KPI_BIGQUERY_ENDPOINT: 'http://localhost:9050' } } },
    [true, 'an emulator of BigQuery', null],
  ],
  [
    'an old Node.js',
    'Node.js',
    { examination: { machine: { nodeVersion: '18.20.1', freeBytes: () => ({}) } } },
    [false, '18.20.1', 'install Node.js 20 or later'],
  ],
  [
    'a full disk',
    'temporary files',
    { examination: { env: {}, machine: { nodeVersion: '22.1.0', freeBytes: () => ({ 'temporary files': 2 ** 29 }) } } },
    [false, '0.5 GiB free', 'free at least 1 GiB'],
  ],
  [
    'no source, for whoever only reads',
    'tables',
    { examination: { env: { ...env, KPI_SOURCE: undefined } } },
    [null, expect.stringContaining('KPI_SOURCE'), null],
  ],
])('%s', async (_, name, given, expected) => {
  expect(await lineOf(name, given)).toEqual(expected);
});
