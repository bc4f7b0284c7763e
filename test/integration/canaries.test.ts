import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CANARY_DAY, canarySource, filesBelow, leaks } from '../support/canaries';
import { Deployment, project, until } from '../support/deployment';
import { hasPubsubEmulator, openPubsubEmulator } from '../support/pubsub-emulator';
import { writeSource } from '../support/source-files';
import type { SourceRows } from '../support/source-rows';

/** Canaries in messages and in the source, over Google's emulator: what is logged, parked, and told by `kpi replay` and `kpi request` holds none. */
const rows = canarySource();

/** What can't be read, or can't be meant. */
const strange: { data?: string; attributes?: Record<string, string> }[] = [
  { data: 'CANARY-user-1' },
  { data: '{"date":"2025-12-23","CANARY":1}' },
  { data: '{"date": CANARY' },
  { data: '{"date":{"CANARY":"CANARY"}}' },
  { data: '{"__proto__":{"CANARY":1},"date":["CANARY"]}' },
  { data: '["CANARY"]' },
  { data: '"CANARY"' },
  { data: '{"from":"CANARY","to":"2025-12-23"}' },
  { data: `{"date":"${'CANARY'.repeat(300)}"}` },
  { data: '{"date":"\u0000CANARY\ud83d\ude00"}' },
  { data: '2025-02-30', attributes: { CANARY: 'CANARY-user-1' } },
];

/** Letters of others: of no form that the export or Pub/Sub gives them, or given up by Pub/Sub, which leaves a message as it was. */
const forwarded = { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-24T06:00:00Z', CANARY: 'CANARY' };
const foreign: typeof strange = [
  { data: 'CANARY-user-1' },
  { data: '{"code":"CANARY","message":1}' },
  { data: 'CANARY', attributes: forwarded },
  { data: '{"date":"CANARY"}', attributes: forwarded },
];

if (!hasPubsubEmulator) {
  test.skip('needs a Pub/Sub emulator: start one and name it in PUBSUB_EMULATOR_HOST', () => {});
} else {
  const emulator = openPubsubEmulator(project);
  let deployment: Deployment;
  let source: string;
  let deployments = 0; // each has topics of its own

  const useSource = async (changed: SourceRows) => {
    rmSync(source, { recursive: true, force: true });
    mkdirSync(source);
    await writeSource(source, 'csv', changed);
  };

  beforeEach(() => {
    deployment = new Deployment(emulator, `canaries-${++deployments}`, { KPI_LOG_LEVEL: 'debug' });
    source = join(deployment.folder, 'source');
  });

  afterEach(() => deployment.remove());

  /** What `kpi` wrote, by its arguments. */
  const kpi = async (...args: string[]): Promise<Record<string, string>> => {
    const { stdout, stderr } = await deployment.kpi(...args);
    return { [args.join(' ')]: stdout + stderr };
  };
  const replay = (...args: string[]) => kpi('replay', '--project', project, '--subscription', deployment.deadLetters, ...args);
  const expectNoLeak = (seen: Record<string, string>) =>
    expect(leaks({ ...seen, 'the log': deployment.said, ...filesBelow(deployment.folder, ['source']) })).toEqual([]);

  test('requests that cannot be fulfilled, and an unreadable source', async () => {
    await deployment.deploy();
    const [duplicate] = rows.measurements;
    await useSource({ ...rows, measurements: [...rows.measurements, ...(duplicate === undefined ? [] : [duplicate])] });
    await deployment.publish(...strange, { data: CANARY_DAY, attributes: { CANARY: 'CANARY' } });
    const parked = () => deployment.logged('request parked').length;
    await until('all are parked', () => parked() > strange.length);

    const letters = await deployment.waiting();
    expect(letters).toHaveLength(strange.length + 1);
    const seen = { letters: JSON.stringify(letters), ...(await replay()), ...(await replay('--run')) };
    expect(seen.letters).toContain('SOURCE_CONTRACT');
    expect(Object.values(seen).join('\n')).toMatch(/BAD_REQUEST.*SOURCE_CONTRACT.*12 waiting, 0 exported/s);
    await useSource(rows);
    Object.assign(seen, await replay('--run'));
    expect(Object.values(seen).join('\n')).toContain('12 waiting, 1 exported');
    expectNoLeak(seen);
  });

  test('letters that are not ours, and requests that are refused', async () => {
    await deployment.deploy();
    await emulator.publish(deployment.deadLetters, foreign);
    const seen = {
      ...(await replay()),
      ...(await replay('--discard', 'none')),
      ...(await kpi('request', '--project', project, '--topic', 'not-there', '--date', CANARY_DAY)),
      ...(await kpi('request', '--project', project, '--topic', deployment.topic, '--date', 'today')),
    };
    expect(Object.values(seen).join('\n')).toMatch(
      /can't be\s+read.*given up by\s+Pub\/Sub; can't be read: date: expected.*4 waiting.*BAD_REQUEST.*NOT_FOUND.*Published/s,
    );
    await until('it is exported', () => deployment.logged('report exported').length > 0);
    expectNoLeak(seen);
  });

  test('a message that Pub/Sub forwards to the dead-letter topic', async () => {
    await deployment.deploy();
    await useSource(rows);
    const release = await deployment.holdWarehouse();
    const seen: Record<string, string> = {};
    try {
      await deployment.publish({ data: CANARY_DAY, attributes: { CANARY: 'CANARY' } });
      await until('it is forwarded', async () => (await deployment.waiting()).length > 0);
      Object.assign(seen, await replay());
      expect(Object.values(seen).join('\n')).toContain('given up by Pub/Sub after all its attempts');
      const busy = await deployment.replayOfBusySource('--run');
      expect(busy).toMatchObject({ code: 2, stderr: expect.stringContaining('BUSY') });
      expect(leaks({ ...seen, busy: busy.stdout + busy.stderr })).toEqual([]);
    } finally {
      await release();
    }
    Object.assign(seen, await replay('--run'));
    expect(Object.values(seen).join('\n')).toContain('1 waiting, 1 exported');
    expectNoLeak(seen);
  });
}
