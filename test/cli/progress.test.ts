import { createMeter, formatSeconds } from '../../cli/progress';

const bar = (share: number) => '#'.repeat(Math.round(20 * share)).padEnd(20, '.');

test('before the first date is written, the bar shows for how long it has been counting', () => {
  let now = 0;
  const meter = createMeter(1000, () => now);
  expect(meter.text(bar)).toBe('counting 1,000 dates … 0 s');
  now = 61_200;
  expect(meter.text(bar)).toBe('counting 1,000 dates … 1 min 02 s');
});

test('the rate covers the last seconds, and is missing before it is known', () => {
  let now = 0;
  const meter = createMeter(400, () => now);
  meter.begin(300);
  meter.advance(false);
  expect(meter.text(bar)).toBe('#................... 1 of 300 dates'.replace('#', '.'));
  for (let date = 1; date < 100; date++) {
    now += 10;
    meter.advance(false);
  }
  now += 10;
  expect(meter.text(bar)).toBe('#######............. 100 of 300 dates  99 a second  3 s left');
  for (let date = 100; date < 110; date++) {
    now += 5000;
    meter.advance(date === 105);
  }
  expect(meter.text(bar)).toBe('#######............. 110 of 300 dates, 1 failed  0.2 a second  15 min 50 s left');
});

test('a line stays below 80 columns', () => {
  let now = 0;
  const meter = createMeter(1000, () => now);
  for (let date = 0; date < 999; date++) {
    now += 4000;
    meter.advance(true);
  }
  expect(meter.text(bar).length).toBeLessThan(80);
});

test.each([
  [0, '0 s'],
  [59.2, '1 min 00 s'],
  [3599.5, '1 h 00 min'],
  [7260, '2 h 01 min'],
])('%d seconds are %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
