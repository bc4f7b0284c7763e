import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version as duckDbVersion } from '@duckdb/node-api';
import { addDays, type CalendarDate } from '../shared/metrics/calendar';
import { machine, mebibytes, median, seconds, table, times, writeResults } from './document';
import type { Measured } from './measured';
import { drawGrowth } from './plot';
import { sourceOf } from './source';

/** node bench/start.mjs bench [--small]: with --small nothing is written, and no time means anything. */
const small = process.argv.includes('--small');
const SIZE = small ? 20_000 : 20_000_000;
const SIZES = small ? [] : [1_000_000, 5_000_000, SIZE];
const RANGES = small ? [] : [30, 90, 365, 730];
/** Of the range that each way counts; the small one takes hand-written SQL more than one piece too. */
const LONG = small ? 40 : 365;
const LAST_DATE: CalendarDate = '2025-12-30';
/** A Sunday that ends a month, whose report has the tables of all grains. */
const SUNDAY: CalendarDate = '2025-08-31';

interface Task {
  name: string;
  /** With -all: the tables of all grains, else the core. */
  way: 'program' | 'hand-written' | 'program-all' | 'hand-written-all' | 'per-period' | 'command';
  rows: number;
  dates: number;
  to: CalendarDate;
  repetitions: number;
}

interface Result extends Task {
  /** The median. */
  milliseconds: number;
  fastest: number;
  memory: number;
  counted: Record<string, string>;
}

const task = (way: Task['way'], dates: number, rows = SIZE, to = LAST_DATE): Task => ({
  name: `${way}, ${dates} dates to ${to}, ${rows} rows`,
  way,
  rows,
  dates,
  to,
  repetitions: small || way === 'per-period' ? 1 : dates === 1 ? 7 : 3,
});

const allWays = ['program-all', 'hand-written-all'] as const;
/** What the tables of all grains are counted of. */
const ALL_TABLES: [title: string, dates: number, to: CalendarDate][] = [
  ['one date', 1, LAST_DATE],
  ['a Sunday that ends a month', 1, SUNDAY],
  [`${LONG} dates`, LONG, LAST_DATE],
];

async function main(): Promise<void> {
  const tasks = [
    ...(['program', 'hand-written', 'command', 'per-period'] as const).map((way) => task(way, 1)),
    ...(['program', 'hand-written', 'command'] as const).map((way) => task(way, LONG)),
    ...ALL_TABLES.flatMap(([, dates, to]) => allWays.map((way) => task(way, dates, SIZE, to))),
    ...SIZES.flatMap((rows) => (['program', 'hand-written'] as const).map((way) => task(way, 1, rows))),
    ...RANGES.flatMap((dates) => (['program', 'hand-written'] as const).map((way) => task(way, dates))),
  ];
  const results = await measureAll([...new Map(tasks.map((each) => [each.name, each])).values()]);
  const of: Results = (way, dates, rows, to) => {
    const { name } = task(way, dates, rows, to);
    const found = results.get(name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  for (const [dates, way] of [
    [1, 'hand-written'],
    [LONG, 'hand-written'],
    [1, 'per-period'],
  ] as const)
    compare(of('program', dates), of(way, dates));
  for (const [, dates, to] of ALL_TABLES) compare(of('program-all', dates, SIZE, to), of('hand-written-all', dates, SIZE, to));
  const text = report(of);
  process.stdout.write(`${text}\n`);
  if (small) return;
  writeResults('bench', `${text}\n\n![Time by rows and by dates](performance.svg)`);
  const growth = (way: 'program' | 'hand-written') => [
    ...SIZES.map((rows) => ({ way, growth: 'one date, by rows', amount: rows, seconds: of(way, 1, rows).fastest / 1000 })),
    ...RANGES.map((dates) => ({ way, growth: 'by dates', amount: dates, seconds: of(way, dates).fastest / 1000 })),
  ];
  writeFileSync('docs/performance.svg', await drawGrowth([...growth('program'), ...growth('hand-written')]));
}

/** Each task once per round, so that other load of the machine hits all of them alike. */
async function measureAll(tasks: Task[]): Promise<Map<string, Result>> {
  const runs = new Map<string, Measured[]>(tasks.map(({ name }) => [name, []]));
  for (const rows of new Set(tasks.map(({ rows }) => rows))) await sourceOf(rows);
  const rounds = Math.max(...tasks.map(({ repetitions }) => repetitions));
  for (let round = 0; round < rounds; round++) {
    for (const each of tasks.filter(({ repetitions }) => round < repetitions)) {
      const measured = await measure(each);
      runs.get(each.name)?.push(measured);
      process.stderr.write(`${each.name}: ${seconds(measured.milliseconds)}, ${mebibytes(measured.memory)}\n`);
    }
  }
  return new Map(
    tasks.map((each) => {
      const all = runs.get(each.name) ?? [];
      return [
        each.name,
        {
          ...each,
          milliseconds: median(all.map(({ milliseconds }) => milliseconds)),
          fastest: Math.min(...all.map(({ milliseconds }) => milliseconds)),
          memory: Math.max(...all.map(({ memory }) => memory)),
          counted: all[0]?.counted ?? {},
        },
      ];
    }),
  );
}

async function measure({ way, rows, dates, to }: Task): Promise<Measured> {
  const source = await sourceOf(rows);
  const from = addDays(to, 1 - dates);
  if (way === 'command') return measureCommand(source, from, to);
  const answer = execFileSync(process.execPath, ['bench/.data/dist/measured.js', way, source, from, to], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(answer.toString()) as Measured;
}

/** The command as it is typed, from its start to its end, into a new warehouse. */
function measureCommand(source: string, from: CalendarDate, to: CalendarDate): Measured {
  const folder = mkdtempSync('bench/.data/command-');
  try {
    const memoryFile = join(folder, 'memory');
    const dates = from === to ? ['--date', to] : ['--from', from, '--to', to];
    const files = ['--source', source, '--warehouse', join(folder, 'warehouse.duckdb')];
    const start = performance.now();
    execFileSync(process.execPath, ['--require', './bench/peak-memory.cjs', 'bin/kpi.mjs', 'export', ...dates, ...files], {
      env: { ...process.env, PEAK_MEMORY_FILE: memoryFile },
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
    const milliseconds = performance.now() - start;
    return { milliseconds, memory: Number(readFileSync(memoryFile, 'utf8')), counted: {} };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All that the other way counted, the program must have counted too. */
function compare(program: Result, other: Result): void {
  const names = Object.keys(other.counted);
  const different = names.filter((name) => other.counted[name] !== program.counted[name]);
  if (names.length === 0 || different.length > 0)
    throw new Error(
      `${other.name} and the program count differently: ${different.slice(0, 5).join(', ') || 'nothing was counted'}`,
    );
  process.stderr.write(`${other.name}: ${names.length} results, all equal to the program's\n`);
}

type Results = (way: Task['way'], dates: number, rows?: number, to?: CalendarDate) => Result;

function report(of: Results): string {
  const row = (title: string, result: Result) => {
    const base = of('hand-written', result.dates, result.rows);
    const ratio = result === base ? '1' : times(result.fastest / base.fastest);
    return [title, seconds(result.milliseconds), seconds(result.fastest), mebibytes(result.memory), ratio];
  };
  const head = ['core tables', 'median', 'fastest', 'peak memory', 'against hand-written'];
  const rangeHead = ['dates', 'program', 'hand-written', 'ratio', "program's memory"];
  const ranges = (results: [title: string, dates: number, rows: number][]) =>
    results.map(([title, dates, rows]) => {
      const [program, hand] = [of('program', dates, rows), of('hand-written', dates, rows)];
      const ratio = times(program.fastest / hand.fastest);
      return [title, seconds(program.fastest), seconds(hand.fastest), ratio, mebibytes(program.memory)];
    });
  const factor = of('per-period', 1).fastest / of('program', 1).fastest;
  const parts = [
    `${machine()}; Node.js ${process.version}, DuckDB ${duckDbVersion()}. ${task('program', 1).repetitions} runs of one date, ` +
      `${task('program', LONG).repetitions} of a range; ratios compare the fastest runs, because other work of the machine only adds time; ${new Intl.NumberFormat('en').format(SIZE)} measurements.`,
    table(head, [
      row('one date', of('program', 1)),
      row('one date, hand-written SQL', of('hand-written', 1)),
      row('one date, 12 periods × a query for each column', of('per-period', 1)),
      row(`${LONG} dates`, of('program', LONG)),
      row(`${LONG} dates, hand-written SQL`, of('hand-written', LONG)),
    ]),
    `The queries for each column and period take ${times(factor)} the time of the program.`,
  ];
  const against = (title: string, program: Result) => {
    const hand = of('hand-written-all', program.dates, SIZE, program.to);
    return [
      title,
      seconds(program.fastest),
      seconds(hand.fastest),
      times(program.fastest / hand.fastest),
      mebibytes(program.memory),
    ];
  };
  parts.push(
    table(
      ['all tables', ...rangeHead.slice(1)],
      [
        ...ALL_TABLES.map(([title, dates, to]) => against(title, of('program-all', dates, SIZE, to))),
        against('one date, the whole command', of('command', 1)),
        against(`${LONG} dates, the whole command`, of('command', LONG)),
      ],
    ),
  );
  if (!small) {
    const million = (rows: number) => `${rows / 1_000_000} million`;
    parts.push(
      table(['rows', ...rangeHead.slice(1)], ranges(SIZES.map((rows) => [million(rows), 1, rows]))),
      table(rangeHead, ranges(RANGES.map((dates) => [String(dates), dates, SIZE]))),
    );
  }
  return parts.join('\n\n');
}

main().catch((thrown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exitCode = 1;
});
