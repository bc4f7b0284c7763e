import { randomUUID } from 'node:crypto';
import type { Engine } from '../../shared/engines/engine';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import { type FurtherRows, publishedRows, type Report, type ReportRows } from '../../shared/metrics/report';
import { reportTableNames } from '../../shared/metrics/tables';
import { testGate, testRun } from './run';

/** Runs `work` with an engine that reads a source folder and has an empty warehouse of its own, which is gone afterwards. */
export type OnEngine = <Result>(sourceFolder: string, work: (engine: Engine) => Promise<Result>) => Promise<Result>;

export interface TestExport {
  from: string;
  to: string;
  timeZone: string;
  startedAt: Date;
  /** For warehouses that hold reports of another source. */
  allowFall?: boolean;
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
export async function exportReports(
  engine: Engine,
  { from, to, timeZone, startedAt, allowFall = false }: TestExport,
): Promise<ExportedReport[]> {
  const run = testRun({ id: randomUUID() }); // a server may remember the jobs of earlier runs
  const now = () => startedAt;
  const options = { engine, run, timeZone, gate: { ...testGate, allowFall }, startedAt, now, dryRun: false };
  const outcomes = await runExport(datesBetween(from, to), options);
  const rows = await engine.readReports(from, to);
  const existing = [...(await engine.furtherTables(run))];
  const further = {
    ...Object.fromEntries(existing.map((table) => [table, []])),
    ...(await engine.readFurther(existing, from, to)),
  };
  const reports: ExportedReport[] = [];
  for (const { reportDate, tables, findings } of outcomes.reports) {
    const failure = tables.find((table) => table.failure !== undefined)?.failure;
    if (failure !== undefined) throw failure;
    if (findings === null) throw new Error(`no report of ${reportDate}`);
    reports.push({
      reportDate,
      rows: ofDate(rows, reportDate),
      further: ofDate(further, reportDate),
      rejectedRows: findings.rejectedRows,
      unclassifiedErrors: findings.unclassifiedErrors,
    });
  }
  return reports;
}

/** An engine that counts as `engine` does and keeps in memory what is published: writing a file takes as long as counting a few rows. */
export function withoutFile(engine: Engine): Engine {
  const published: Report[] = [];
  const gather = (tables: readonly string[], of: (report: Report) => object) =>
    Object.fromEntries(tables.map((table) => [table, published.flatMap((report) => Object(of(report))[table] ?? [])]));
  return {
    ...engine,
    publish: async (reports) => {
      published.push(...reports);
      return reports.map((report) => publishedRows(report).map(([table, { length }]) => ({ table, rows: length })));
    },
    appendRuns: async () => {},
    readReports: async () => gather(reportTableNames, ({ rows }) => rows) as ReportRows,
    readFurther: async (tables) => gather(tables, ({ further }) => further),
  };
}

function ofDate<Tables extends ReportRows | FurtherRows>(tables: Tables, date: string): Tables {
  const entries = Object.entries<{ report_date: string }[]>(tables);
  return Object.fromEntries(entries.map(([table, rows]) => [table, rows.filter((row) => row.report_date === date)])) as Tables;
}
