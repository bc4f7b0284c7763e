import { join } from 'node:path';
import type { Database } from '../shared/engines/duckdb/connection';
import { openDatabase, quoteText } from '../shared/engines/duckdb/connection';
import { releasedBy, reportOf } from '../shared/export/release-periods';
import { parseReleaseRequest } from '../shared/export/run-release';
import { grains } from '../shared/metrics/grain';
import type { ReleaseSettings } from '../shared/platform/config';
import { crowdedSource } from './support/crowded-source';
import { type Place, releasePlaces } from './support/release-places';
import { referenceRelease } from './support/release-reference';
import { sample } from './support/sample';

const timeZone = 'America/New_York';
const rowsUntil = (to: string) =>
  crowdedSource({
    seed: 13,
    timeZone,
    from: '2025-04-20',
    to,
    people: 2000,
    sessions: 2500,
    moodDays: 5,
    sharedSessions: true,
  });

/** A report that releases a period, and the period before. Days are in release-runs.test.ts. */
const situations = [
  { grain: 'week', report: '2025-07-06', start: '2025-06-16', end: '2025-06-22', within: '2025-06-19', before: '2025-06-09' },
  { grain: 'month', report: '2025-06-30', start: '2025-05-01', end: '2025-05-31', within: '2025-05-14', before: '2025-04-01' },
] as const;

describe.each(situations)('a release by $grain', (situation) => {
  const { grain, report, start, end, within, before } = situation;
  const settings: ReleaseSettings = { grain, minPeople: 20, roundTo: 10 };
  const rows = rowsUntil(report);
  /** In the morning after the report. */
  const now = new Date(Date.parse(`${report}T12:00:00Z`) + 86_400_000);
  const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
  const { inPlace, exportDates, releaseDates, released, records, read } = releasePlaces({ rows, timeZone, now, settings });
  const reference = referenceRelease(rows, timeZone, grain);
  const expectedRow = (released_at = now) => ({
    period_start_date: start,
    period_end_date: end,
    revision: 1,
    released_at: released_at.toISOString(),
    ...reference(start).release(settings.minPeople, settings.roundTo),
  });

  test('the first report after the waiting time releases the period; its bytes stay the same', async () => {
    await inPlace(async (place) => {
      const onItsDay = new Date(`${report}T12:00:00Z`);
      const early = await exportDates(place, [report], onItsDay);
      expect([early.reports[0]?.release, await released(place)]).toEqual([null, []]);

      const { reports } = await exportDates(place, [report]);
      expect(reports[0]?.release).toMatchObject({ period: start, state: 'released' });
      expect(await released(place)).toEqual([expectedRow()]);
      expect((await records(place))[0]).toMatchObject({ report_date: report, released_period: start, error_code: null });

      // an account less, late rows, a lower k
      const out = JSON.stringify(await released(place));
      const [gone] = rows.measurements.flatMap(({ user_id, created_at }) => (created_at?.startsWith(within) ? user_id : []));
      const late = { measurement_id: 'late', user_id: 'late', session_id: 'late', created_at: `${within}T16:00:00Z` };
      expect(gone).toBeDefined();
      await place.write({
        users: rows.users.filter(({ user_id }) => user_id !== gone),
        measurements: [...rows.measurements.filter(({ user_id }) => user_id !== gone), { ...late, error_type: null }],
      });
      const again = await exportDates(place, [report], later(1), { grain, minPeople: 11, roundTo: 5 });
      expect([again.reports[0]?.release?.state, JSON.stringify(await released(place))]).toEqual(['left', out]);
      const [outcome] = await releaseDates(place, [within, within], { at: later(2) });
      expect([outcome?.state, JSON.stringify(await released(place))]).toEqual(['left', out]);
    });
  });

  const alike = sample(situations, 1).includes(situation) ? test : test.skip; // what is done alike by week and by month

  alike('by hand takes any day of it, leaves what is out, and replaces on purpose', async () => {
    await inPlace(async (place) => {
      expect(await releaseDates(place, [within, within])).toMatchObject([{ period: start, state: 'released' }]);
      expect(await released(place)).toEqual([expectedRow()]);
      const outcomes = await releaseDates(place, [before, within], { at: later(1) });
      expect(outcomes.map(({ period, state }) => `${period} ${state}`)).toEqual([`${before} released`, `${start} left`]);

      const created_at = `${within}T16:00:00Z`;
      const replace = { reason: 'accounts came late', acceptSmallChanges: false };
      const names = Array.from({ length: 10 }, (_, index) => `one more ${index}`);
      await place.write({ ...rows, users: [...rows.users, ...names.map((user_id) => ({ user_id, created_at }))] });
      const [held] = await releaseDates(place, [within, within], { at: later(2), replace });
      expect(held).toMatchObject({ period: start, state: 'failed', failure: { code: 'RELEASE_HELD' } });
      const [replaced] = await releaseDates(place, [within, within], {
        at: later(3),
        replace: { ...replace, acceptSmallChanges: true },
      });
      expect(replaced).toMatchObject({ state: 'replaced', row: { period_start_date: start, revision: 2 } });
      expect((await released(place)).map(({ revision }) => revision)).toEqual([1, 2]);
    });
  });

  alike('refuses other grains, and what is out stays', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [report]);
      const out = JSON.stringify(await released(place));
      for (const other of grains.filter((one) => one !== grain)) {
        const settings: ReleaseSettings = { grain: other, minPeople: 20, roundTo: 10 };
        const failure = {
          code: 'BAD_CONFIG',
          message: `KPI_RELEASE_GRAIN: is ${other}, but kpi_release holds released ${grain}s; expected ${grain}, for a dataset has one grain`,
        };
        await expect(releaseDates(place, ['2025-05-20', '2025-05-20'], { settings })).rejects.toMatchObject(failure);
        await expect(read(place, (engine) => engine.readRelease(other, start, end))).rejects.toMatchObject(failure);
      }
      const { reports } = await exportDates(place, ['2025-06-29'], later(1), { grain: 'day', minPeople: 20, roundTo: 10 });
      expect(reports[0]?.release).toMatchObject({ state: 'failed', failure: { code: 'BAD_CONFIG' } });
      expect(reports[0]?.tables.every(({ failure }) => failure === undefined)).toBe(true);
      expect(JSON.stringify(await released(place))).toBe(out);
    });
  });
});

test.each([
  ['day', '2025-07-17', '2025-07-05'],
  ['week', '2025-07-20', '2025-06-29'], // on its Sunday the report of the week is not final
  ['week', '2025-07-21', '2025-07-06'],
  ['month', '2025-07-31', '2025-05-31'],
  ['month', '2025-08-01', '2025-06-30'],
] as const)('by %s, on %s dates can be released up to %s', (grain, today, last) => {
  const parse = (date: string) => parseReleaseRequest({ date }, { timeZone, grain, now: new Date(`${today}T12:00:00Z`) });
  expect(parse(last)).toMatchObject({ from: last, to: last });
  const [year = 0, month = 0, day = 0] = last.split('-').map(Number);
  const next = new Date(Date.UTC(year, month - 1, day + 1)).toISOString().slice(0, 10);
  expect(() => parse(next)).toThrow(`expected dates up to ${last}: a ${grain} is released once`);
});

test.each([
  ['day', '2025-07-06', '2025-06-25'],
  ['week', '2025-07-06', '2025-06-16'],
  ['week', '2025-07-07', null],
  ['month', '2024-03-31', '2024-02-01'],
  ['month', '2024-02-29', '2024-01-01'],
  ['month', '2024-02-28', null],
] as const)('by %s, the report of %s releases the period of %s', (grain, report, start) => {
  expect(releasedBy(report, grain)).toBe(start);
  if (start !== null) expect(reportOf(start, grain)).toBe(report);
});

describe('a table daily_metrics by period_date, of a version without grains', () => {
  const settings: ReleaseSettings = { grain: 'day', minPeople: 20, roundTo: 10 };
  const now = new Date('2025-07-07T12:00:00Z');
  const rows = rowsUntil('2025-07-06');
  const { inPlace, exportDates, released, read } = releasePlaces({ rows, timeZone, now, settings });
  const reference = referenceRelease(rows, timeZone, 'day');
  const valuesOf = (period: string) => reference(period).release(20, 10);

  async function inWarehouse<Result>({ folder }: Place, work: (database: Database) => Promise<Result>): Promise<Result> {
    const database = await openDatabase();
    await database.run(`ATTACH ${quoteText(join(folder, 'warehouse.duckdb'))} AS warehouse`);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  /** Makes the table out of the one of today, with the day that is in it. */
  const makeOld = (place: Place) =>
    inWarehouse(place, async (database) => {
      const table = 'warehouse.kpi_release.daily_metrics';
      await database.run(`ALTER TABLE ${table} DROP COLUMN period_end_date`);
      await database.run(`ALTER TABLE ${table} RENAME COLUMN period_start_date TO period_date`);
    });
  const stored = (place: Place) =>
    inWarehouse(place, (database) => database.rows('SELECT * FROM warehouse.kpi_release.daily_metrics ORDER BY 1'));

  test('is read and continued with further days, without a change of its form', async () => {
    await inPlace(async (place) => {
      await exportDates(place, ['2025-07-05']);
      await makeOld(place);
      const [before] = await stored(place);
      expect(before).toMatchObject({ period_date: '2025-06-24', revision: 1 });
      const { reports } = await exportDates(place, ['2025-07-05', '2025-07-06']);
      expect(reports.map(({ release }) => release?.state)).toEqual(['left', 'released']);
      expect(await released(place)).toEqual(
        ['2025-06-24', '2025-06-25'].map((day) => ({
          period_start_date: day,
          period_end_date: day,
          revision: 1,
          released_at: now.toISOString(),
          ...valuesOf(day),
        })),
      );
      const [kept, added] = await stored(place);
      expect([kept, Object.keys(added ?? {})]).toEqual([before, Object.keys(before ?? {})]);
    });
  });

  test('counts as days, so that weeks are refused', async () => {
    await inPlace(async (place) => {
      await exportDates(place, ['2025-07-05']);
      await makeOld(place);
      const weeks = read(place, (engine) => engine.readRelease('week', '2025-01-01', '2025-12-31'));
      await expect(weeks).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining('released days') });
    });
  });
});
