import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import type { Engine } from '../../../../shared/engines/engine';
import { reportWindow } from '../../../../shared/metrics/calendar';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport } from '../../../../shared/metrics/report';
import { configAt, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testRun } from '../../../support/run';
import { noFacts } from '../../../support/steady-facts';

/** Jobs run where the dataset is. One that names no location runs in the US, where there is no such dataset. */
const DATE = '2025-12-23';
const report = deriveReport(indexByDay(noFacts, { firstDay: '2025-12-11', lastDay: DATE }), DATE, new Date('2025-12-24'));

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer(noFacts);
});
afterEach(() => server.close());

const engineIn = (location: string): Engine =>
  createBigQuery({ config: configAt(server, { location }), now: () => new Date('2025-12-24'), pace: testPace });

test('all jobs have the location of the dataset, and are polled there', async () => {
  const engine = engineIn('EU');
  const run = testRun();
  server.play('query', { carriedOut: true, status: 503, reason: 'backendError' }); // its answer is lost: it is looked for
  server.play('load', { carriedOut: true, status: 503, reason: 'backendError' });
  await engine.readFacts(reportWindow(DATE, DATE, 'UTC'), run);
  await engine.publish([report], run);
  await engine.readReports(DATE, DATE);
  const places = [...server.jobs.values()].map(({ kind, location }) => `${kind} ${location}`);
  expect(new Set(places)).toEqual(new Set(['query EU', 'load EU', 'look EU']));
  expect(places.length).toBe(6);
  const looks = server.requests.filter(({ kind }) => kind === 'job' || kind === 'results').map(({ url }) => url);
  expect(looks.filter((url) => !url.includes('location=EU'))).toEqual([]);
});

test.each([
  ['EU', 'eu'],
  ['eu', 'EU'],
  ['europe-west1', 'Europe-West1'],
])('a dataset in %s takes reports where KPI_LOCATION is %s', async (there, named) => {
  server.location = there;
  expect(await engineIn(named).prepare([DATE], testRun())).toEqual(new Map());
});

test('a dataset in another location does not', async () => {
  server.location = 'US';
  await expect(engineIn('EU').prepare([DATE], testRun())).rejects.toMatchObject({ code: 'BAD_CONFIG' });
});
