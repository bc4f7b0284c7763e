import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { configAt, type Fault, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testRun } from '../../../support/run';
import { noFacts } from '../../../support/steady-facts';

const outage = { date: '2025-12-20', until: '2025-12-22', text: 'Outage, "no" tests', exclude: true };
const release = { date: '2025-12-23', until: null, text: 'Version 2', exclude: false };

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer(noFacts);
});
afterEach(() => server.close());

const open = () => createBigQuery({ config: configAt(server, { source: null }), now: () => new Date(), pace: testPace });

test.each<[string, (Fault | null)[]]>([
  ['at once', []],
  ['after a broken connection', [{ reset: 'before' }]],
  ['whose answer was lost', [{ reset: 'after' }]],
  ['whose job failed for a moment', [{ jobFails: 'backendError' }]],
])('one load replaces the whole table, %s', async (_, faults) => {
  const engine = open();
  await engine.replaceAnnotations([release], testRun({ id: 'before' }));
  server.play('load', ...faults);
  await engine.replaceAnnotations([release, outage], testRun());
  expect(server.partitions.get('annotations')).toEqual([release, outage]);
  const { load } = [...server.jobs.values()].at(-1)?.configuration ?? {};
  expect(load).toEqual({
    destinationTable: { projectId: 'test', datasetId: 'kpi_metrics', tableId: 'annotations' },
    sourceFormat: 'NEWLINE_DELIMITED_JSON',
    writeDisposition: 'WRITE_TRUNCATE',
    createDisposition: 'CREATE_NEVER',
  });
  expect(await engine.readAnnotations()).toEqual([outage, release]);
});

test('no annotations empty the table', async () => {
  const engine = open();
  await engine.replaceAnnotations([release], testRun({ id: 'before' }));
  await engine.replaceAnnotations([], testRun());
  expect(server.partitions.has('annotations')).toBe(false);
  expect(await engine.readAnnotations()).toEqual([]);
});

describe('before new infrastructure is applied', () => {
  test('reading gives no annotations', async () => {
    server.play('look', { status: 404, reason: 'notFound' });
    expect(await open().readAnnotations()).toEqual([]);
  });

  test.each<[string, Fault, (typeof release)[]]>([
    ['the request is refused', { status: 404, reason: 'notFound' }, [release]],
    ['the job is refused', { jobFails: 'notFound' }, [release]],
    ['there are none', { jobFails: 'notFound' }, []],
  ])('writing says what to do, where %s', async (_, fault, annotations) => {
    server.play(annotations.length === 0 ? 'delete' : 'load', fault);
    await expect(open().replaceAnnotations(annotations, testRun())).rejects.toMatchObject({
      code: 'SCHEMA_DRIFT',
      message: 'table annotations does not exist; run: terraform -chdir=infra apply',
    });
  });
});

test('another failure of reading is no empty table', async () => {
  server.play('look', { status: 403, reason: 'accessDenied' });
  await expect(open().readAnnotations()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});
