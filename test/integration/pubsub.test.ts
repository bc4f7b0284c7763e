import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fit } from '../../cli/terminal';
import { addDays } from '../../shared/metrics/calendar';
import { Deployment, project, run, until } from '../support/deployment';
import { hasPubsubEmulator, openPubsubEmulator, type PubsubEmulator } from '../support/pubsub-emulator';
import { today } from '../support/today';

/**
 * The whole way of a message: published to a topic of Google's emulator, pushed to the function as it is deployed, a process of its own on
 * the embedded engine, and, where it fails, on to the dead-letter topic and `kpi replay`.
 */
const gcloud = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'gcloud')));

/** The dates that `yesterday` and `today` are now. */
async function lastTwoDays(): Promise<{ yesterday: string; today: string }> {
  const date = await today();
  return { yesterday: addDays(date, -1), today: date };
}

if (!hasPubsubEmulator) {
  test.skip('needs a Pub/Sub emulator: start one and name it in PUBSUB_EMULATOR_HOST', () => {});
} else {
  describe('messages through Pub/Sub', () => {
    const emulator: PubsubEmulator = openPubsubEmulator(project);
    const deployments: Deployment[] = [];
    const create = (name: string) => {
      const deployment = new Deployment(emulator, `${name}-${deployments.length}`);
      deployments.push(deployment);
      return deployment;
    };

    afterAll(() => Promise.all(deployments.map((deployment) => deployment.remove())));

    describe('valid messages and an invalid one', () => {
      let deployment: Deployment;
      beforeAll(async () => {
        deployment = create('good');
        await deployment.deploy();
      });

      test.each([
        ["Cloud Scheduler's", { data: '{"from":"yesterday","to":"today"}' }, ['yesterday', 'today']],
        ['{}', { data: '{}' }, ['today']],
        ['a bare date', { data: '2025-12-20' }, ['2025-12-20']],
        ['a range', { data: '{"from":"2025-12-21","to":"2025-12-23"}' }, ['2025-12-21', '2025-12-22', '2025-12-23']],
        ['attributes only', { attributes: { origin: 'test' } }, ['today']],
      ])('%s', async (_, message, asked) => {
        const names: Record<string, string> = await lastTwoDays();
        const dates = asked.map((date) => names[date] ?? date);
        const [id = ''] = await deployment.publish(message);
        await until('it is exported', () => deployment.exportedDates(id).length >= dates.length);
        expect(deployment.exportedDates(id)).toEqual(dates);
      });

      test('kpi request', async () => {
        const { code, stdout } = await deployment.kpi(
          'request',
          '--project',
          project,
          '--topic',
          deployment.topic,
          '--date',
          '2025-12-18',
        );
        expect([code, stdout]).toEqual([0, expect.stringContaining('Published {"date":"2025-12-18"}')]);
        const id = /message (\S+)/.exec(stdout)?.[1] ?? '';
        await until('it is exported', () => deployment.exportedDates(id).length > 0);
        expect(deployment.exportedDates(id)).toEqual(['2025-12-18']);
      });

      (gcloud ? test : test.skip)('gcloud pubsub topics publish', async () => {
        const settings = mkdtempSync(join(tmpdir(), 'kpi-gcloud-'));
        try {
          const { code, stderr } = await run(
            'gcloud',
            ['pubsub', 'topics', 'publish', deployment.topic, '--message', '{"date":"2025-12-19"}'],
            {
              ...process.env,
              CLOUDSDK_CONFIG: settings,
              CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: `http://${emulator.host}/`,
              CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
              CLOUDSDK_CORE_PROJECT: project,
            },
          );
          expect({ code, stderr }).toMatchObject({ code: 0 });
          const found = () => deployment.logged('report exported').filter((entry) => entry.report_date === '2025-12-19');
          await until('it is exported', () => found().length > 0);
          expect(found()).toHaveLength(1);
        } finally {
          rmSync(settings, { recursive: true, force: true });
        }
      });

      test('nothing else happened', async () => {
        expect(deployment.logged('export failed')).toEqual([]);
        expect(await deployment.waiting()).toEqual([]);
      });

      test('a bad message is parked at its first delivery, shown with its reason, and dropped', async () => {
        const [id] = await deployment.publish({ data: '{"day":"someone@example.org"}' });
        await until('it is parked', async () => (await deployment.waiting()).length > 0);
        await sleep(2000); // longer than the backoff: a second delivery would be there
        expect(deployment.logged('request parked')).toEqual([expect.objectContaining({ message_id: id, severity: 'ERROR' })]);
        const [letter, ...others] = await deployment.waiting();
        expect(others).toEqual([]);

        // a list leaves the letter there for the next one
        const digest = `29 bytes, SHA-256 ${createHash('sha256').update('{"day":"someone@example.org"}').digest('hex')}`;
        const reason = 'BAD_REQUEST: unknown key; expected {"date": …}, {"from": …, "to": …} or {}';
        for (let time = 0; time < 2; time++)
          expect(await deployment.replay()).toMatchObject({
            code: 0,
            stdout: `${fit(`${letter?.id}  unknown dates (${digest})  ${reason}`, 80)}\n1 waiting\n`,
          });
        expect(`${letter?.data}${JSON.stringify(deployment.logs)}`).not.toContain('someone');

        // status takes nothing of what waits
        expect(await deployment.kpi('export', '--date', '2025-12-23')).toMatchObject({ code: 0 });
        expect(JSON.parse((await deployment.status('--json')).stdout).deadLetters).toMatchObject({
          waiting: null,
          reason: expect.stringContaining('kpi replay'),
        });
        expect(await deployment.waiting()).toHaveLength(1);

        // what can't be read can't be exported either, and a wrong id drops nothing
        expect(await deployment.replay('--run')).toMatchObject({
          code: 2,
          stdout: expect.stringContaining('1 waiting, 0 exported'),
        });
        expect(await deployment.replay('--discard', '0')).toMatchObject({ code: 64 });
        expect(await deployment.replay('--discard', letter?.id ?? '')).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('1 waiting, 1 discarded'),
        });
        expect(await deployment.replay()).toMatchObject({ code: 0, stdout: '0 waiting\n' });
      });
    });

    test('if the engine is down, a message is retried, then forwarded unchanged; a replay repairs it', async () => {
      const deployment = create('down');
      await deployment.deploy();
      const release = await deployment.holdWarehouse();
      const { yesterday, today } = await lastTwoDays();
      try {
        const [id = ''] = await deployment.publish({ data: '{"from":"yesterday","to":"today"}' });
        await until('it is forwarded', async () => (await deployment.waiting()).length > 0);
        const failures = deployment.logged('export failed', id);
        expect(failures).toHaveLength(5);
        expect(new Set(failures.map(({ code, severity }) => `${code} ${severity}`))).toEqual(new Set(['BUSY WARNING']));
        expect(deployment.logged('request parked')).toEqual([]);
        expect(await deployment.waiting()).toEqual([
          expect.objectContaining({
            data: '{"from":"yesterday","to":"today"}',
            attributes: expect.objectContaining({ CloudPubSubDeadLetterSourceTopicPublishTime: expect.any(String) }),
          }),
        ]);
        const line = `  ${yesterday} to ${today}  given up by Pub/Sub after all its attempts\n`;
        expect(await deployment.replay()).toMatchObject({ code: 0, stdout: expect.stringContaining(line) });
        expect(await deployment.replayOfBusySource('--run')).toMatchObject({
          code: 2,
          stdout: expect.stringContaining('1 waiting, 0 exported'),
          stderr: expect.stringContaining('BUSY'),
        });
      } finally {
        await release();
      }
      expect(await deployment.replay('--run')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 waiting, 1 exported'),
      });
      expect(await deployment.replay()).toMatchObject({ code: 0, stdout: '0 waiting\n' });
      expect(await deployment.publishedDates()).toEqual([yesterday, today]);
    });

    test('an interrupted replay returns all of its letters to the emulator', async () => {
      const deployment = create('interrupted');
      await deployment.deploy();
      await deployment.kill();
      const forwarded = { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-24T06:00:00Z' };
      const letters = Array.from({ length: 12 }, (_, index) => ({
        data: `2025-11-${String(index + 1).padStart(2, '0')}`,
        attributes: forwarded,
      }));
      await emulator.publish(deployment.deadLetters, letters);
      const replaying = deployment.startReplay('report exported', '--run');
      await replaying.stopped;
      expect(await deployment.waiting()).toEqual([]);
      replaying.interrupt();
      const { code, stdout } = await replaying.ended;
      expect(code).toBe(130);
      const [, done = ''] = /\n12 waiting, (\d+) exported\nStopped; continue with: /.exec(stdout) ?? [];
      expect(await deployment.waiting()).toHaveLength(12 - Number(done));
      expect(await deployment.replay('--run')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${12 - Number(done)} waiting, ${12 - Number(done)} exported`),
      });
      expect(await deployment.publishedDates()).toEqual(letters.map(({ data }) => data));
    });

    test('without a dead-letter topic an invalid message is not acknowledged', async () => {
      const deployment = create('nowhere');
      await deployment.deployWithoutDeadLetters();
      const [id = ''] = await deployment.publish({ data: 'no date' });
      const unkept = () => deployment.logged('export failed', id).filter(({ code }) => code === 'NOT_FOUND');
      await until('it is delivered again and again', () => unkept().length >= 3);
      expect(deployment.logged('request parked')).toEqual([]);
      await deployment.createDeadLetters();
      await until('it is parked', async () => (await deployment.waiting()).length > 0);
      expect(await deployment.waiting()).toEqual([
        expect.objectContaining({ data: expect.stringContaining(`"messageId":"${id}"`) }),
      ]);
      expect(deployment.logged('request parked')).toHaveLength(1);
      const before = deployment.logs.length;
      await sleep(2000); // longer than the backoff
      expect(deployment.logs).toHaveLength(before);
    });

    test('of many messages, each valid one is exported and each invalid one is parked, although the process is killed', async () => {
      const deployment = create('killed');
      // as deployed: pushes that the kill cuts off count too; and the least there is, after which they come again
      await deployment.deploy({ maxDeliveryAttempts: 30, ackDeadlineSeconds: 10 });
      const good = Array.from({ length: 14 }, (_, index) => `2025-11-${String(index + 10)}`);
      const doubles = good.slice(3, 5);
      const bad = ['{"day":"2025-11-10"}', '2025-02-29', '{"from":"2025-11-10"}', '{"date":"2999-01-01"}'];
      const mixed = [good[0], bad[0], ...good.slice(1, 7), bad[1], ...doubles, bad[2], ...good.slice(7), bad[3]];
      const ids = await deployment.publish(...mixed.map((data) => ({ data: data ?? '' })));
      expect(ids).toHaveLength(20);
      await until('some are exported', () => deployment.logged('report exported').length >= 4);
      await deployment.kill();
      expect(deployment.logged('report exported').length).toBeLessThan(16);
      await deployment.startAgain();
      const finished = () => new Set(deployment.logs.filter(isFinal).map((entry) => entry.request_id ?? entry.message_id));
      const isFinal = ({ message }: Record<string, unknown>) => message === 'report exported' || message === 'request parked';
      const unfinished = () => ids.filter((id) => !finished().has(id));
      await until('all are done', () => unfinished().length === 0).catch(() => {});
      // with what was logged of each, should one hang
      expect(
        unfinished().map((id) => [id, mixed[ids.indexOf(id)], deployment.logs.filter((entry) => entry.request_id === id)]),
      ).toEqual([]);
      await until('nothing more comes', async () => {
        const count = deployment.logs.length;
        await sleep(2000);
        return deployment.logs.length === count;
      });

      expect(deployment.logged('export failed').filter(({ severity }) => severity !== 'ERROR')).toEqual([]);
      await deployment.kill();
      expect(await deployment.publishedDates()).toEqual(good);
      // one that was parked, but not acknowledged any more, when the process was killed is parked twice
      const letters = (await deployment.waiting()).map(({ data }) => JSON.parse(data) as Record<string, unknown>);
      const reasons = new Map(letters.map(({ messageId, code, message }) => [messageId, `${code}: ${message}`]));
      const badIds = ids.filter((_, index) => bad.includes(mixed[index] ?? ''));
      expect([...reasons.keys()].sort()).toEqual([...badIds].sort());
      expect([...reasons.values()].sort()).toEqual([
        'BAD_REQUEST: date: expected a calendar date as YYYY-MM-DD, today or yesterday',
        expect.stringMatching(/^BAD_REQUEST: expected dates up to today/),
        'BAD_REQUEST: expected from and to together, to is missing',
        expect.stringMatching(/^BAD_REQUEST: unknown key/),
      ]);
    });
  });
}
