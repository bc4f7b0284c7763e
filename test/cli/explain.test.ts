import { tmpdir } from 'node:os';
import { reportMetrics } from '../../dashboard/history';
import { reportTableDefinitions } from '../../shared/metrics/tables';
import { runKpi } from '../support/kpi-command';

/** `kpi explain`, which needs neither settings nor a warehouse. */
const explain = (...args: string[]) => runKpi(tmpdir(), ['explain', ...args], { KPI_TIME_ZONE: 'Mars/X' });
const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

test('without a name it lists all figures of the tables, in 80 columns', async () => {
  const { code, stdout } = await explain();
  const missing = reportMetrics.filter(({ name, definition }) => !inOneLine(stdout).includes(`${name} ${definition}`));
  expect([code, missing, stdout.split('\n').filter((line) => line.length > 80)]).toEqual([0, [], []]);
});

test.each(
  Object.values(reportTableDefinitions).flatMap(({ name, columns }) =>
    columns
      .filter(({ unit }) => unit !== null)
      .slice(-1)
      .map((column) => [name, column] as const),
  ),
)('a figure of %s is explained as the page explains it', async (table, { name }) => {
  const { code, stdout } = await explain(name);
  expect(code).toBe(0);
  const { definition } = reportMetrics.find((metric) => metric.name === name) ?? {};
  for (const text of [name, `Definition ${definition}`, `Table ${table}`, 'While young Provisional until'])
    expect(inOneLine(stdout)).toContain(text);
});

test.each([
  ['conversion_rate', true],
  ['accounts_with_tests', true],
  ['accounts_created', false],
  ['all_tests', false],
])('%s grows with its cohort: %s', async (name, grows) => {
  const answer = JSON.parse((await explain(name, '--json')).stdout);
  expect([answer.grows, answer.whileYoung.includes('Grows for 11 days')]).toEqual([grows, grows]);
});

test.each(['conversion rate', 'Conversion-Rate', ' CONVERSION_RATE '])('%j is found, too', async (name) => {
  expect((await explain(name)).stdout).toMatch(/^Conversion rate {2}conversion_rate\n/);
});

test('refuses a figure that no table has', async () => {
  expect(inOneLine((await explain('failure_rate')).stdout)).toContain('Table none: it is derived');
});

test.each([
  ['conversion_rat', '; did you mean conversion_rate?'],
  ['Actve users', '; did you mean active_users?'],
  ['gini', '; did you mean error_gini_coefficient?'],
  ['xyzzy', ', as kpi explain lists them'],
  ['', ', as kpi explain lists them'],
])('%j is refused in one line: %s', async (name, advice) => {
  const { code, stdout, stderr } = await explain(name);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toBe(`kpi: expected the name of a figure${advice} (BAD_REQUEST)\n`);
});
