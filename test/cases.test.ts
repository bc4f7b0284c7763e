import { caseNames, readCase } from './support/cases';
import { onDuckDb } from './support/duckdb';
import { exportReports, type OnEngine, withoutFile } from './support/export';
import { referenceReport } from './support/reference';
import { reportDifferences } from './support/report-differences';
import { sample } from './support/sample';

const engines: { engine: string; onEngine: OnEngine }[] = [{ engine: 'DuckDB', onEngine: onDuckDb }];

/** With values of every kind: NULL in each column that takes it, fractions, weeks and months. */
const fileCases = ['divisors_of_zero', 'gini_of_failures_per_user', 'sunday_that_ends_a_month'];

const STARTED_AT = new Date('2032-02-29T12:34:56.789Z');

/** The others are published into memory; what the file gives back is what was written, whatever case it is. */
const throughFile = sample([...fileCases, ...caseNames()], fileCases.length);

test('there are cases', () => {
  expect(caseNames().length).toBeGreaterThan(0);
});

describe.each(engines)('$engine', ({ onEngine }) => {
  test.each(caseNames())('%s', async (name) => {
    const { why, folder, reportDate, timeZone, expected } = readCase(name);
    const reports = await onEngine(folder, (engine) =>
      exportReports(throughFile.includes(name) ? engine : withoutFile(engine), {
        from: reportDate,
        to: reportDate,
        timeZone,
        startedAt: STARTED_AT,
      }),
    );
    const differences = reports.flatMap((report) => reportDifferences(report, expected, STARTED_AT));
    expect({ why, reports: reports.length, differences }).toEqual({ why, reports: 1, differences: [] });
  });
});

// the random sources are held against the reference: it must agree with what was worked out by hand
describe('the reference', () => {
  test.each(caseNames())('%s', (name) => {
    const { rows, reportDate, timeZone, expected } = readCase(name);
    const { tables, further, ...run } = referenceReport(rows, reportDate, timeZone);
    const { tables: expectedTables, further: expectedFurther, ...expectedRun } = expected;
    expect(run).toEqual(expectedRun);
    expect(rounded(tables)).toEqual(rounded(expectedTables));
    expect(rounded(further)).toEqual(rounded(expectedFurther));
  });
});

function rounded(tables: object): unknown {
  return JSON.parse(
    JSON.stringify(tables, (_, value) => (typeof value === 'number' ? Math.round(value * 1e9) / 1e9 + 0 : value)),
  );
}
