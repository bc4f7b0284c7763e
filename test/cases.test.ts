import { caseNames, readCase } from './support/cases';
import { onDuckDb } from './support/duckdb';
import { exportReports, type OnEngine } from './support/export';
import { referenceReport } from './support/reference';
import { reportDifferences } from './support/report-differences';

const engines: { engine: string; onEngine: OnEngine }[] = [{ engine: 'DuckDB', onEngine: onDuckDb }];

const STARTED_AT = new Date('2032-02-29T12:34:56.789Z');

test('there are cases', () => {
  expect(caseNames().length).toBeGreaterThan(0);
});

describe.each(engines)('$engine', ({ onEngine }) => {
  test.each(caseNames())('%s', async (name) => {
    const { why, folder, rows, reportDate, timeZone, expected } = readCase(name);
    // of the tables that the case is not about, what the reference says
    const further = { ...referenceReport(rows, reportDate, timeZone).further, ...expected.further };
    const reports = await onEngine(folder, (engine) =>
      exportReports(engine, { from: reportDate, to: reportDate, timeZone, startedAt: STARTED_AT }),
    );
    const differences = reports.flatMap((report) => reportDifferences(report, { ...expected, further }, STARTED_AT));
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
    expect(rounded(further)).toMatchObject(rounded(expectedFurther));
  });
});

function rounded(tables: object): object {
  return JSON.parse(
    JSON.stringify(tables, (_, value) => (typeof value === 'number' ? Math.round(value * 1e9) / 1e9 + 0 : value)),
  );
}
