import { reportWindow, type Window } from '../../shared/metrics/calendar';
import { type AnyFactName, allFacts, type FactRow } from '../../shared/metrics/facts/facts';
import { factParameters } from '../../shared/metrics/facts/parameters';
import { furtherWindow, type Grain, grains } from '../../shared/metrics/grain';
import { onDuckDb } from '../support/duckdb';
import { testRun } from '../support/run';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';
import { createCounter } from './facts';
import { createSource } from './source';

const timeZone = 'Europe/Berlin';
const start = Date.UTC(2025, 7, 25, 5);
const now = Date.UTC(2025, 8, 1, 12);
/** A Sunday that ends a month. */
const DATE = '2025-08-31';

test('the simulation counts what the SQL counts', async () => {
  const source = createSource({
    seed: 4,
    timeZone,
    start,
    days: 9,
    events: [
      { kind: 'late', at: start + 86_400_000, hours: 30, delayHours: 5 },
      { kind: 'delete', at: start + 3 * 86_400_000, salt: 3 },
    ],
  });
  const found: [scope: Scope, fact: string, rows: readonly object[]][] = await inTemporaryFolder(async (folder) => {
    await writeSource(folder, 'ndjson', source.rowsAt(now));
    return onDuckDb(folder, async (engine) => {
      const run = testRun();
      // each grain by itself: this engine cuts off all facts where the longest window begins
      const { facts: day } = await engine.readFacts(scopes.day, run);
      const { facts: weeks } = await engine.readFacts(further(['day', 'week']), run);
      const { facts: months } = await engine.readFacts(further(['day', 'month']), run);
      const { facts: released } = await engine.readReleaseFacts(scopes.week, 'week', run);
      const span = await engine.readSpan(scopes.day, run);
      const { rows: freshness } = await engine.readFreshness(scopes.day, run);
      const all = {
        day: { ...day, span, freshness },
        audience: { audience: weeks.audience },
        week: { ...weeks.week, ...released },
        month: months.month,
      };
      return Object.entries(all).flatMap(([scope, facts]) =>
        Object.entries(facts ?? {}).map(([fact, rows]): [Scope, string, object[]] => [scope as Scope, fact, rows ?? []]),
      );
    });
  });
  for (const [scope, fact, rows] of found) {
    const grain = grains.find((one) => one === scope) ?? 'day';
    const { scan_from, scan_until, first_day, last_day, memory, cohort_days, future } = factParameters(
      scopes[scope],
      new Date(now),
      grain,
    );
    const counted = createCounter(
      source.at(now),
      {
        firstDay: first_day.value,
        lastDay: last_day.value,
        scanFrom: scan_from.value.getTime(),
        scanUntil: scan_until.value.getTime(),
        future: future.value.getTime(),
        memory: memory.value,
        cohortDays: cohort_days.value,
        grain,
      },
      source,
    )(fact as AnyFactName);
    expect([scope, fact, sorted(counted)]).toEqual([scope, fact, sorted(fact === 'intake' ? merged(rows) : rows)]);
  }
  expect(new Set(found.map(([, fact]) => fact))).toEqual(new Set(Object.keys(allFacts)));
});

type Scope = 'day' | 'audience' | 'week' | 'month';

const further = (wanted: Grain[]) => furtherWindow([DATE], reportWindow(DATE, DATE, timeZone), wanted);
const scopes: Record<Scope, Window> = {
  ...(further([...grains]).further as Record<'audience' | 'week' | 'month', Window>),
  day: reportWindow(DATE, DATE, timeZone),
};

/** Rows of the same day and outcome as one: this engine reads an open week or month in parts. */
function merged(rows: readonly object[]): object[] {
  const found = new Map<string, { day: string; outcome: string; source_rows: number; latest_hour: number }>();
  for (const row of rows as FactRow<'intake'>[]) {
    const key = `${row.day} ${row.outcome}`;
    const { source_rows, latest_hour } = found.get(key) ?? { source_rows: 0, latest_hour: 0 };
    found.set(key, { ...row, source_rows: source_rows + row.source_rows, latest_hour: Math.max(latest_hour, row.latest_hour) });
  }
  return [...found.values()];
}

/** Rows in an order of their own, columns in the order of their names. */
function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).toSorted()))).toSorted();
}
