import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toDeadLetter } from '../../shared/operate/dead-letter';
import { Failure } from '../../shared/platform/failure';
import { type CannedFacts, cannedFacts } from '../support/canned-facts';
import { until } from '../support/deployment';
import { type FaultServer, startFaultServer } from '../support/fault-server';
import { ended, runKpi, startKpi } from '../support/kpi-command';
import { type PubsubServer, startPubsubServer } from '../support/pubsub-server';
import { writeSmallSource } from '../support/small-source';

/** `kpi replay` on the embedded engine unless told, with a Pub/Sub that does as it is told. */
let folder: string;
let server: PubsubServer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-replay-'));
  server = await startPubsubServer();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await server.close();
  rmSync(folder, { recursive: true });
});

const command = (args: string[]) => ['replay', '--project', 'test', ...args];
const settings = (env: Record<string, string> = {}) => ({
  PUBSUB_EMULATOR_HOST: server.host,
  KPI_SOURCE_MAX_AGE_HOURS: '0',
  ...env,
});

function start(args: string[], env?: Record<string, string>): ChildProcess {
  const child = startKpi(folder, command(args), settings(env));
  children.push(child);
  return child;
}

const replay = (args: string[] = [], env?: Record<string, string>) => runKpi(folder, command(args), settings(env));
const left = () => server.messages.map(({ id }) => id);
const givenBack = () => server.called(({ seconds }) => seconds === 0);

function letterOf(date: string, message = 'the reason'): string {
  const request = { from: date, to: date, shape: 'date' } as const;
  const failure = new Failure('QUALITY_GATE', message);
  return JSON.stringify({ ...toDeadLetter(failure, { request, message: undefined, event: '' }), messageId: `of-${date}` });
}

const forwarded = { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-20T06:00:00Z' };

function addLetters(): void {
  server.add('1', letterOf('2025-12-18'));
  server.add('2', 'someone@example.org');
  server.add('3', '{}', forwarded);
}

test('lists the letters with reasons, and returns all of them', async () => {
  addLetters();
  server.add('4', letterOf('2025-12-19', '\u001b[2Jcleared \u202eback'));
  const { code, stdout, stderr } = await replay();
  const text = stdout.replaceAll(/\n {2}/g, ' ');
  expect([code, stderr]).toEqual([0, '']);
  expect(text).toBe(
    [
      '1  2025-12-18  QUALITY_GATE: the reason',
      `2  unknown dates (19 bytes, SHA-256 79a6123c2db3b110c92f2872d217545dfc5ff5147bbdd47e67e72f223747a538)  can't be read: expected a letter of this program, in JSON with each key once, or one that Pub/Sub forwarded`,
      '3  2025-12-20  given up by Pub/Sub after all its attempts',
      '4  2025-12-19  QUALITY_GATE: \\u{1b}[2Jcleared \\u{202e}back',
      '4 waiting',
      '',
    ].join('\n'),
  );
  expect([left(), server.lent()]).toEqual([['1', '2', '3', '4'], []]);
});

test('returns all letters if the reader closes the pipe', async () => {
  addLetters();
  const child = start([]);
  child.stdout?.destroy();
  const { code } = await ended(child);
  expect([code, left(), server.lent()]).toEqual([0, ['1', '2', '3'], []]);
});

test('returns all letters if it fails', async () => {
  addLetters();
  server.play('Pull', null, { status: 7 });
  const { code, stdout, stderr } = await replay();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^kpi: Pub\/Sub refused or failed while reading kpi-export-dead-letter .*\(ACCESS_DENIED\)\n$/);
  expect(server.lent()).toEqual([]);
});

test('--discard drops one letter, and returns the others', async () => {
  addLetters();
  expect(await replay(['--discard', '0'])).toMatchObject({ code: 64 });
  expect([left(), server.lent()]).toEqual([['1', '2', '3'], []]);
  expect(await replay(['--discard', '2'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\n3 waiting, 1 discarded\n$/),
  });
  expect([left(), server.lent()]).toEqual([['1', '3'], []]);
});

test('--run exports readable letters, acknowledges each once it is written, and returns the rest', async () => {
  addLetters();
  server.add(
    '4',
    JSON.stringify({ ...JSON.parse(letterOf('1970-01-01')), request: { from: '1970-01-01', to: '9999-12-31', shape: 'range' } }),
  );
  const { code, stdout, stderr } = await replay(['--run'], { KPI_SOURCE: writeSmallSource(folder), KPI_WAREHOUSE: 'kpi.duckdb' });
  expect([code, stdout]).toEqual([2, expect.stringMatching(/\n4 waiting, 2 exported\n$/)]);
  const exported = stderr.split('\n').filter((line) => line.includes('report exported'));
  expect(exported.map((line) => JSON.parse(line)).map(({ report_date, request_id }) => [report_date, request_id])).toEqual([
    ['2025-12-18', 'of-2025-12-18'],
    ['2025-12-20', '3'],
  ]);
  expect(server.calls.filter(({ method }) => method === 'Acknowledge').map(({ ids }) => ids)).toEqual([['1'], ['3']]);
  expect([left(), server.lent()]).toEqual([['2', '4'], []]);
});

describe('Ctrl-C', () => {
  test('returns the pulled letters even if a later pull is never answered', async () => {
    addLetters();
    server.play('Pull', null, { silent: 'before' });
    const child = start([]);
    const ending = ended(child);
    await server.called(({ method, ids }) => method === 'Pull' && ids.length === 0);
    child.kill('SIGINT');
    expect(await ending).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/^kpi: stopped; continue with: .* replay --project test \(TIMEOUT\)\n$/),
    });
    expect([left(), server.lent()]).toEqual([['1', '2', '3'], []]);
  });

  test('ends the command even if no call is ever answered', async () => {
    server.strike = () => ({ silent: 'before' });
    const child = start([]);
    const ending = ended(child);
    await server.called(({ method }) => method === 'Pull');
    child.kill('SIGINT');
    expect(await ending).toMatchObject({ code: 130, stderr: expect.stringContaining('stopped') });
  });

  describe('while a letter is exported to a BigQuery that never answers', () => {
    const date = '2025-06-15';
    let canned: CannedFacts;
    let bigQuery: FaultServer;
    beforeAll(async () => {
      canned = await cannedFacts(date, date);
    });
    beforeEach(async () => {
      bigQuery = await startFaultServer(canned.facts);
      for (const id of ['1', '2', '3']) server.add(id, letterOf(date));
    });
    afterEach(() => bigQuery.close());

    const begin = () =>
      start(['--run'], {
        KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
        KPI_SOURCE: 'test.app',
        KPI_LOCATION: 'EU',
        KPI_TIME_ZONE: 'UTC',
        KPI_BIGQUERY_ENDPOINT: bigQuery.endpoint,
      });

    test('returns the others at once, and the current one after its export; starts no further one', async () => {
      bigQuery.play('query', { jobHangs: true });
      const child = begin();
      const ending = ended(child);
      await until('it counts', () => bigQuery.count('job') > 0);
      child.kill('SIGINT');
      await givenBack();
      const { code, stdout, stderr } = await ending;
      expect([code, stdout]).toEqual([130, expect.stringMatching(/\n3 waiting, 0 exported\nStopped; continue with: .*\n$/)]);
      expect(stderr).toContain('kpi: stopping: letters are given back');
      expect([left(), server.lent(), bigQuery.count('query')]).toEqual([['1', '2', '3'], [], 1]);
    });

    test('a second Ctrl-C ends the current export', async () => {
      bigQuery.strike = (kind) => (kind === 'load' ? { silent: 'before' } : null);
      const child = begin();
      const ending = ended(child);
      await until('it loads', () => bigQuery.count('load') > 0);
      child.kill('SIGINT');
      await givenBack();
      expect([left(), server.lent(), child.exitCode]).toEqual([['1', '2', '3'], ['1'], null]);
      child.kill('SIGINT');
      expect((await ending).code).toBe(130);
      expect([left(), server.lent()]).toEqual([['1', '2', '3'], []]);
    });
  });
});
