import { renderDays, renderReport } from '../../cli/render';
import { renderSummary, summaryOf } from '../../cli/summary';
import { metricsOfGrain, releaseMetrics } from '../../dashboard/history';
import { metricsOf } from '../../dashboard/metrics';
import { sections } from '../../dashboard/page/layout';
import { grains } from '../../shared/metrics/grain';
import { periodsOf, type ReportRows } from '../../shared/metrics/report';
import { publishedTableDefinitions, type ReportRow, reportTableDefinitions, reportTableNames } from '../../shared/metrics/tables';
import { glossaryNames } from '../support/glossary';

const DATE = '2025-12-23';
const names = glossaryNames();

/** A report in which each figure is 1; all_tests is large enough for errors of other kinds. */
const rows = Object.fromEntries(
  reportTableNames.map((table) => [
    table,
    periodsOf(DATE).map((period) => ({
      ...Object.fromEntries(reportTableDefinitions[table].columns.map(({ name }) => [name, name === 'total_errors' ? 9 : 1])),
      report_date: DATE,
      period_label: period,
      period_start_date: period,
      period_end_date: period,
      created_at: '2025-12-24T06:00:00.000Z',
    })),
  ]),
) as unknown as ReportRows;

test('each metric is in the glossary, by a name that no other has and that fits a terminal', () => {
  const metrics = [
    ...grains.flatMap(metricsOfGrain),
    ...metricsOf([publishedTableDefinitions.weekly_retention, publishedTableDefinitions.monthly_retention]),
  ];
  expect([...names.keys()].sort()).toEqual([...new Set(metrics.map(({ name }) => name))].sort());
  expect(metrics.filter(({ name, label }) => names.get(name) !== label)).toEqual([]);
  expect(new Set(names.values()).size).toBe(names.size);
  expect([...names.values()].filter((name) => name.length > 28)).toEqual([]);
});

test('the release has the same names', () => {
  expect(releaseMetrics('day').filter(({ name, label }) => names.get(name) !== label)).toEqual([]);
});

test('the summary of the terminal has the same names', () => {
  const labels = renderSummary(summaryOf(rows, 'UTC'), 120).split('\n').slice(2);
  const used = labels.flatMap((line) => (/ {2}\d/.test(line) ? (line.split(/ {2,}/)[0] ?? '') : []));
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((label) => ![...names.values()].includes(label))).toEqual([]);
});

/** The heads of a grid, whose lines stand above the rule; words of one head are in one column. */
function headsOf(text: string): string {
  return text.replaceAll(/[^\p{L}\d+ \n]/gu, ' ').replaceAll(/\s+/g, ' ');
}

test.each(reportTableNames)('%s in the terminal has the same names', (table) => {
  const text = headsOf(renderReport(table, rows[table] as ReportRow[], { isDemo: false, width: 80 }));
  for (const { name, unit } of reportTableDefinitions[table].columns) {
    if (unit !== null) for (const word of names.get(name)?.split(' ') ?? ['no name']) expect(text).toContain(` ${word} `);
  }
});

test('days in the terminal have the same names', () => {
  const text = headsOf(renderDays(summaryOf(rows, 'UTC'), { width: 200 }));
  for (const word of 'Active users Adjusted success rate Accounts created'.split(' ')) expect(text).toContain(` ${word} `);
});

test('definitions of metrics name no column, and titles of charts that stand for one metric are its name', () => {
  expect(grains.flatMap(metricsOfGrain).filter(({ definition }) => /[a-z]_[a-z]|NULL/.test(definition))).toEqual([]);
  const alone = sections.flatMap(({ panels }) => panels).filter(({ series, total }) => series.length === 1 && !total);
  expect(alone.filter(({ title }) => title !== undefined)).toEqual([]);
});
