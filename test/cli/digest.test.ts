import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import { runKpi } from '../support/kpi-command';
import { startWebhook, type WebhookServer } from '../support/webhook-server';

const folder = mkdtempSync(join(tmpdir(), 'kpi-digest-'));
const NOW = '2026-01-14T12:00:00Z';
const yesterday = '2026-01-13';
let webhook: WebhookServer;
let exported: Record<string, unknown>[];

const kpi = (args: string[], env: Record<string, string> = {}) =>
  runKpi(folder, args, { KPI_WAREHOUSE: 'kpi.duckdb', KPI_SOURCE_MAX_AGE_HOURS: '0', ...env }, NOW);

/** 40 people a day with 3 tests each, of which few fail; yesterday 8 people, all of whose 32 tests fail in one way. */
function writeSource(): string {
  const source = join(folder, 'source');
  mkdirSync(source);
  const users = Array.from({ length: 40 }, (_, user) => `u${user},2025-06-01T00:00:00Z`);
  const dayOf = (date: CalendarDate, people: number, tests: number, error: (test: number) => string) =>
    Array.from({ length: people * tests }, (_, test) => {
      const name = `${date}-${test}`;
      return `m${name},u${test % people},s${name},${date}T12:00:00Z,${error(test)}`;
    });
  const days = Array.from({ length: 45 }, (_, age) => addDays(yesterday, age - 45));
  const measurements = [
    ...days.flatMap((date) => dayOf(date, 40, 3, (test) => (test % 5 === 0 ? 'camera_too_close' : ''))),
    ...dayOf(yesterday, 8, 4, () => 'camera_too_far'),
  ];
  writeFileSync(join(source, 'users.csv'), ['user_id,created_at', ...users, ''].join('\n'));
  const head = 'measurement_id,user_id,session_id,created_at,error_type';
  writeFileSync(join(source, 'measurements.csv'), [head, ...measurements, ''].join('\n'));
  return source;
}

beforeAll(async () => {
  webhook = await startWebhook();
  const source = writeSource();
  const range = ['--from', addDays(yesterday, -40), '--to', yesterday];
  const { code, stderr } = await kpi(['export', '--source', source, ...range, '--json']);
  expect(code).toBe(0);
  exported = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? JSON.parse(line) : []));
  writeFileSync(join(folder, 'notes.csv'), `date,until,text,exclude\n${yesterday},,"A <b>campaign</b> & more",\n`);
  expect((await kpi(['annotate', 'notes.csv'])).code).toBe(0);
});
afterAll(async () => {
  await webhook.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  webhook.received.length = 0;
});

test('shows the newest complete day in the words of kpi status, in agreement with the log of the export', async () => {
  const [text, json, status] = await Promise.all([kpi(['digest']), kpi(['digest', '--json']), kpi(['status', '--json'])]);
  expect([text?.code, json?.code]).toEqual([0, 0]);
  const [day] = JSON.parse(json?.stdout ?? '').periods;
  const { figures } = JSON.parse(status?.stdout ?? '');
  expect([day.start, day.sentence]).toEqual([figures.day, figures.sentence]);
  expect(day.sentence).toMatch(
    / was a quiet day: 8 active users .* Failures were high: 100 % .*, mostly camera too far \(32, usually/,
  );
  expect(text?.stdout.split('\n')[2]).toBe(day.sentence);
  expect(text?.stdout).toMatch(/^Active users +8 .* low$/m);
  expect(text?.stdout).toContain(`Noted: ${yesterday}: A <b>campaign</b> & more\n`);
  const told = exported.filter(({ message, report_date }) => message === 'unusual figure' && report_date === yesterday);
  expect(told.map(({ column }) => column)).toEqual(expect.arrayContaining(['active_users', 'failure_rate']));
  for (const { column, value } of told) {
    const figure = day.figures.find((one: { figure: string }) => one.figure === column);
    expect(figure).toMatchObject({ value, verdict: expect.stringMatching(/^(high|low)$/) });
  }
});

test.each([
  ['--text', /^KPI digest of .*\n\n.* was a quiet day/],
  ['--markdown', /^# KPI digest of [\s\S]*\| Active users \| 8 \| .* \| \*\*low\*\* \|[\s\S]*A \\<b\\>campaign/],
  ['--html', /^<!DOCTYPE html>[\s\S]*A &lt;b&gt;campaign&lt;\/b&gt; &amp; more/],
  ['--slack', /^\{"text":"KPI digest of [\s\S]*A &lt;b&gt;campaign/],
])('%s', async (form, expected) => {
  const { code, stdout, stderr } = await kpi(['digest', form, '--date', 'yesterday']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(expected);
});

test('says that a period has no report, with a remedy', async () => {
  const { code, stdout, stderr } = await kpi(['digest', '--date', '2024-05-01']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^kpi: no report has 2024-05-01; run: .*export --date 2024-05-01\n$/);
  const week = await kpi(['digest', '--date', '2024-05-01', '--grain', 'week', '--json']);
  expect([week.code, JSON.parse(week.stdout).periods]).toEqual([1, []]);
  expect(week.stderr).toBe('kpi: no report has the week of 2024-05-01; export the date that ends it\n');
});

test('marks a day that is not over', async () => {
  expect((await kpi(['export', '--date', 'today', '--source', 'source', '--allow-stale'])).code).toBe(0);
  const { code, stdout } = await kpi(['digest', '--date', 'today']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ was not over when its report was made\.\n/);
  expect(stdout).toMatch(/^Active users +0 .*not over yet$/m);
  expect(stdout).not.toMatch(/NaN|null|undefined/);
});

describe('--send', () => {
  const send = (...more: string[]) => kpi(['digest', '--send', ...more], { KPI_DIGEST_WEBHOOK: webhook.url });

  test('sends what it shows without the flag', async () => {
    const { code, stdout } = await send('--grain', 'day');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Sent to the webhook of KPI_DIGEST_WEBHOOK: KPI digest of /)]);
    const shown = await kpi(['digest', '--grain', 'day', '--slack']);
    expect(webhook.received).toEqual([JSON.parse(shown.stdout)]);
  });

  test('--test marks the message, and needs no report', async () => {
    expect((await send('--test', '--json')).stdout).toMatch(/^\{"success":true,"sent":"Test message: KPI digest of .*"\}\n$/);
    const env = { KPI_DIGEST_WEBHOOK: webhook.url, KPI_WAREHOUSE: 'none.duckdb' };
    expect((await kpi(['digest', '--send', '--test'], env)).code).toBe(0);
    expect(webhook.received.map(({ text }) => text.split('\n')[0])).toEqual([
      expect.stringMatching(/^Test message: KPI digest of /),
      'Test message: KPI digest',
    ]);
    expect(webhook.received[1]?.text).toContain('There is no report yet.');
  });

  test.each<[string, WebhookServer['answers'], number, RegExp]>([
    [
      'refused',
      [404],
      64,
      /^kpi: the webhook of KPI_DIGEST_WEBHOOK answered 404; expected a URL that takes JSON .*\(BAD_CONFIG\)\n$/,
    ],
    ['a fault of the webhook', [500, 500], 1, /^kpi: the webhook of KPI_DIGEST_WEBHOOK answered 500 \(UNAVAILABLE\)\n$/],
  ])('%s: says so, and not where it was sent', async (_, answers, exit, said) => {
    webhook.answers.push(...answers);
    const { code, stdout, stderr } = await send();
    expect([code, stderr]).toEqual([exit, expect.stringMatching(said)]);
    expect(stdout + stderr).not.toMatch(/127\.0\.0\.1|CANARY/);
  });

  test('needs the setting, and --test needs --send', async () => {
    const unset = await kpi(['digest', '--send']);
    expect([unset.code, unset.stderr]).toEqual([64, expect.stringMatching(/^kpi: KPI_DIGEST_WEBHOOK: expected with --send/)]);
    const unsent = await kpi(['digest', '--test']);
    expect([unsent.code, unsent.stderr]).toEqual([64, 'kpi: expected --test with --send (BAD_REQUEST)\n']);
  });
});
