import { randomUUID } from 'node:crypto';
import type { Engine } from '../../shared/engines/engine';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import type { FurtherRows, ReportRows } from '../../shared/metrics/report';
import { testGate, testRun } from './run';

/** Runs `work` with an engine that reads a source folder and has an empty warehouse of its own, which is gone afterwards. */
export type OnEngine = <Result>(sourceFolder: string, work: (engine: Engine) => Promise<Result>) => Promise<Result>;

export interface TestExport {
  from: string;
  to: string;
  timeZone: string;
  startedAt: Date;
}

/** A report as it stands in the warehouse, and what the run said of it. */
export interface ExportedReport {
  reportDate: string;
  rows: ReportRows;
  /** Of each table beside the core that the deployment has; none of a table that has no rows of the date. */
  further?: FurtherRows;
  rejectedRows: number;
  unclassifiedErrors: number;
}

/** Exports on whichever engine, and reads back what is in the warehouse then. */
export async function exportReports(engine: Engine, { from, to, timeZone, startedAt }: TestExport): Promise<ExportedReport[]> {
  const run = testRun({ id: randomUUID() }); // a server may remember the jobs of earlier runs
  const now = () => startedAt;
  const options = { engine, run, timeZone, gate: testGate, startedAt, now, dryRun: false };
  const outcomes = await runExport(datesBetween(from, to), options);
  const existing = [...(await engine.furtherTables(run))];
  const noRows = Object.fromEntries(existing.map((table) => [table, []]));
  const reports: ExportedReport[] = [];
  for (const { reportDate, tables, findings } of outcomes.reports) {
    const failure = tables.find((table) => table.failure !== undefined)?.failure;
    if (failure !== undefined) throw failure;
    if (findings === null) throw new Error(`no report of ${reportDate}`);
    reports.push({
      reportDate,
      rows: await engine.readReports(reportDate, reportDate),
      further: { ...noRows, ...(await engine.readFurther(existing, reportDate, reportDate)) },
      rejectedRows: findings.rejectedRows,
      unclassifiedErrors: findings.unclassifiedErrors,
    });
  }
  return reports;
}
