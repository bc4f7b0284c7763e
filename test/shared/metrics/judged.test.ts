import { historyStart } from '../../../shared/metrics/checks/usual-range';
import { addPeriods, type Grain, grains, periodStart, periodsBetween } from '../../../shared/metrics/grain';
import { judgeEach, judgeOne } from '../../../shared/metrics/judged';
import { dayAt, historyOf, scaled } from '../../support/judged-history';

/** Of an uneven product with an incident. */
const days = historyOf(420, (index) => scaled(index === 300 ? 0.3 : 1 + ((index * 7919) % 31) / 100));
const annotations = [{ date: dayAt(250), until: dayAt(252), text: 'Campaign', exclude: true }];

describe('a period is judged alike by every reader', () => {
  test('alone, with others, and with any known periods before or after', () => {
    const options = { grain: 'day', annotations } as const;
    const starts = Array.from({ length: 24 }, (_, index) => dayAt((index * 137) % 420));
    const together = judgeEach(days, starts, options);
    expect(together.map(({ start }) => start)).toEqual(starts);
    for (const [place, start] of starts.entries()) {
      const since = historyStart(start, 'day');
      expect(together[place]).toEqual(judgeOne(days, start, options));
      expect(together[place]).toEqual(
        judgeOne(
          days.filter((day) => day.start >= since && day.start <= start),
          start,
          options,
        ),
      );
    }
    expect(together.filter(({ judgements }) => judgements[0]?.verdict === 'usual').length).toBeGreaterThan(12);
  });

  test('excluded periods are not judged; unknown periods have no report', () => {
    const [marked, missing] = judgeEach(days, [dayAt(251), dayAt(500)], { grain: 'day', annotations });
    expect(marked?.judgements[0]).toMatchObject({ verdict: 'not judged', reason: 'excluded' });
    expect(missing?.judgements[0]).toMatchObject({ verdict: 'not judged', reason: 'no report' });
  });

  test.each<[Grain, number, number]>([
    ['day', 182, 209],
    ['week', 48, 51],
    ['month', 48, 51],
  ])('the history of a %s has %s to %s periods', (grain, fewest, most) => {
    const lengths = Array.from({ length: 120 }, (_, index) => {
      const start = addPeriods(periodStart('2025-12-31', grain), index, grain);
      return periodsBetween(historyStart(start, grain), start, grain);
    });
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([fewest, most]);
  });

  test.each(grains)('a history begins with the first day of a %s', (grain) => {
    const since = historyStart(periodStart('2025-12-31', grain), grain);
    expect(periodStart(since, grain)).toBe(since);
  });
});
