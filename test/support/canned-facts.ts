import { type ReportWindow, reportWindow } from '../../shared/metrics/calendar';
import type { FactRow, Facts, ReleaseFacts } from '../../shared/metrics/facts/facts';
import { furtherWindow } from '../../shared/metrics/grain';
import type { ReportRows } from '../../shared/metrics/report';
import { reportTableNames } from '../../shared/metrics/tables';
import { onDuckDb } from './duckdb';
import type { FaultServer } from './fault-server';
import { randomSource } from './random-source';
import { referenceReport } from './reference';
import { type ExpectedReport, reportDifferences } from './report-differences';
import { testRun } from './run';
import { writeSource } from './source-files';
import type { SourceRows } from './source-rows';
import { inTemporaryFolder } from './temporary-folder';

/** A random source, and what the embedded engine counts in it. */
export interface CannedFacts {
  source: SourceRows;
  facts: Facts & ReleaseFacts & { freshness: FactRow<'freshness'>[] } & { [part: string]: readonly object[] };
  timeZone: string;
  /** What the reference says of a date. */
  reference: (date: string) => ExpectedReport;
}

/** With the facts of weeks of the report of `to`, which is a Sunday, where `grain` is week. */
export async function cannedFacts(
  from: string,
  to: string,
  timeZone = 'Europe/Berlin',
  grain: 'day' | 'week' = 'day',
): Promise<CannedFacts> {
  const source = randomSource({ seed: 21, timeZone, from, to, measurements: 300, emptyText: true });
  const facts = await inTemporaryFolder(async (folder) => {
    await writeSource(folder, 'ndjson', source);
    return onDuckDb(folder, async (engine) => {
      const window = reportWindow(from, to, timeZone);
      const further: ReportWindow = grain === 'day' ? window : furtherWindow([to], window, ['day', grain]);
      const { audience = [], week, month, ...facts } = (await engine.readFacts(further, testRun())).facts;
      const ofWeeks = Object.fromEntries(Object.entries(week ?? {}).map(([name, rows]) => [`${name}_week`, rows as object[]]));
      const released = await engine.readReleaseFacts(further.further?.week ?? window, grain, testRun());
      const freshness = (await engine.readFreshness(window, testRun())).rows;
      return { ...facts, ...released.facts, freshness, audience_audience: audience, ...ofWeeks };
    });
  });
  const references = new Map<string, ExpectedReport>();
  const reference = (date: string) => {
    const known = references.get(date) ?? referenceReport(source, date, timeZone);
    references.set(date, known);
    return known;
  };
  return { source, facts, timeZone, reference };
}

/** How the partitions of a date on the server differ from the reference. */
export function publishedDifferences(server: FaultServer, { reference }: CannedFacts, date: string, createdAt: Date): string[] {
  const expected = reference(date);
  const tables = reportTableNames.map((table) => [table, server.partitions.get(`${table}$${date.replaceAll('-', '')}`) ?? []]);
  const rows = Object.fromEntries(tables) as ReportRows;
  const { rejectedRows, unclassifiedErrors } = expected; // of these the tables say nothing
  return reportDifferences({ reportDate: date, rows, rejectedRows, unclassifiedErrors }, expected, createdAt);
}
