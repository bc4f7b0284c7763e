import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reportWindow } from '../../shared/metrics/calendar';
import { indexByDay, type PeriodFacts, periodFacts } from '../../shared/metrics/facts/period-facts';
import { periodsOf } from '../../shared/metrics/report';
import { defineTable } from '../../shared/metrics/tables';
import { readCase } from '../support/cases';
import { onDuckDb } from '../support/duckdb';
import { testRun } from '../support/run';
import { inTemporaryFolder } from '../support/temporary-folder';

/** The example of docs/adding-a-metric.md, followed: its lines are put where it says, and the column has the values that it expects. */
const root = join(__dirname, '../..');
const page = readFileSync(join(root, 'docs/adding-a-metric.md'), 'utf8');
const COLUMN = 'unsuccessful_session_rate';

interface Changed {
  DailyAdvancedMetrics: Parameters<typeof defineTable>[1];
  deriveDailyAdvancedMetrics: (facts: PeriodFacts) => Record<string, number | null>;
}

/** The file that the page's diff names, with its lines: each comes after the line above it, which is there once. */
function applyDiff(): { file: string; text: string } {
  const [, file = '', diff = ''] = /^```diff\n--- (\S+)\n(.*?)^```$/ms.exec(page) ?? [];
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  let place = -1;
  for (const line of diff.trimEnd().split('\n')) {
    const text = line.slice(1);
    if (line.startsWith('+')) lines.splice(++place, 0, text);
    else {
      place = lines.indexOf(text);
      expect([text, place >= 0, lines.lastIndexOf(text)]).toEqual([text, true, place]);
    }
  }
  return { file, text: lines.join('\n') };
}

/** The table's module as it is with the lines of the page. */
function load({ file, text }: { file: string; text: string }, folder: string): Changed {
  const esbuild = join(root, 'node_modules/.bin/esbuild');
  const options = ['--bundle', '--format=cjs', '--platform=node', '--loader=ts'];
  const bundle = join(folder, 'changed.cjs');
  writeFileSync(bundle, execFileSync(esbuild, options, { input: text, cwd: join(root, dirname(file)) }));
  return createRequire(__filename)(bundle) as Changed;
}

test('the example adds the column, with the values that it expects', async () => {
  const [, name = ''] = /`test\/cases\/(\w+)\/`/.exec(page) ?? [];
  const { folder, reportDate, timeZone } = readCase(name);
  const window = reportWindow(reportDate, reportDate, timeZone);
  const { facts } = await onDuckDb(folder, (engine) => engine.readFacts(window, testRun()));
  const days = indexByDay(facts, window);
  const expected: { [COLUMN]: Record<string, number | null> } = JSON.parse(/^```json\n(.*?)^```$/ms.exec(page)?.[1] ?? '');
  const { otherwise, ...byDay } = expected[COLUMN];

  await inTemporaryFolder(async (temporary) => {
    const { DailyAdvancedMetrics, deriveDailyAdvancedMetrics } = load(applyDiff(), temporary);
    const { columns } = defineTable('daily_advanced_metrics', DailyAdvancedMetrics, '', 'report_date');
    expect(columns.find((column) => column.name === COLUMN)).toMatchObject({
      type: 'FLOAT64',
      mode: 'NULLABLE',
      unit: 'percent',
    });
    const values = periodsOf(reportDate).map((period) => [
      period,
      deriveDailyAdvancedMetrics(periodFacts(days, reportDate, period))[COLUMN],
    ]);
    expect(values).toEqual(periodsOf(reportDate).map((period) => [period, byDay[period] ?? otherwise]));
    expect(Object.keys(byDay)).toEqual([reportDate]);
  });
});
