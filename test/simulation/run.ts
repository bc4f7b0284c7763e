import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { makeEmbeddedSchedule, playEmbedded } from './embedded';
import { plants } from './plants';
import { buildPrograms, type Programs } from './program';
import { makeSchedule } from './schedule';
import { shrink } from './shrink';
import { replaceTransport } from './wire';
import { type Played, play } from './world';

const { values: flags } = parseArgs({
  options: {
    /** By default 20, or 200 for each plant. */
    seeds: { type: 'string' },
    /** Numbers of the events of the schedule that are kept. */
    keep: { type: 'string' },
    /** A fault to put back (plants.ts), or `all`: how soon each is found. */
    plant: { type: 'string' },
    /** Which part of the seeds this process plays. */
    part: { type: 'string' },
    /** Print all that happens. */
    trace: { type: 'boolean', default: false },
  },
});

/** What a seed stands for: things that happen, any of which may be left out. */
interface Game {
  what: string;
  events: readonly object[];
  play(kept: readonly number[], tell: (line: string) => void): Promise<Played>;
}

/** One seed in so many is of the embedded engine, whose statements take real time. */
const EMBEDDED_EVERY = 10;

function gameOf(seed: number, programs: Programs): Game {
  if (seed % EMBEDDED_EVERY === 0) {
    const schedule = makeEmbeddedSchedule(seed);
    return {
      what: 'exports into a file',
      events: schedule.events,
      play: (kept, tell) => playEmbedded({ ...schedule, events: pick(schedule.events, kept) }, programs, tell),
    };
  }
  const schedule = makeSchedule(seed);
  return {
    what: `days of ${schedule.timeZone}, release by ${schedule.grain}`,
    events: schedule.events,
    play: (kept, tell) => play({ ...schedule, events: pick(schedule.events, kept) }, programs, tell),
  };
}

const silent = () => {};

async function main(): Promise<number> {
  const isOfPlants = flags.plant === 'all';
  const [first = 1, last = first] = (flags.seeds ?? (isOfPlants ? '1-200' : '1-20')).split('-').map(Number);
  const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  if (isOfPlants) return findPlants(seeds);
  if (flags.plant !== undefined && plants[flags.plant] === undefined) {
    say(`expected --plant with all, or one of ${Object.keys(plants).join(', ')}`);
    return 64;
  }
  const parts = flags.keep === undefined && !flags.trace ? Math.min(availableParallelism(), seeds.length) : 1;
  if (flags.part !== undefined || parts === 1) {
    const part = Number(flags.part ?? 0);
    return playSeeds(
      seeds.filter((_, index) => index % parts === part),
      { isChecked: part === 0 },
    );
  }
  const began = Date.now();
  const totals: Total[] = [];
  const statuses = await Promise.all(
    Array.from({ length: parts }, (_, part) => {
      const child = fork(process.argv[1] ?? '', [...process.argv.slice(2), '--part', String(part)]);
      child.on('message', (total: Total) => totals.push(total));
      return new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)));
    }),
  );
  if (statuses.some((status) => status !== 0)) return 1;
  const sum = (of: (total: Total) => number) => totals.reduce((all, total) => all + of(total), 0);
  const [deliveries, requests] = [sum((total) => total.deliveries), sum((total) => total.requests)];
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  say(`${seeds.length} seeds, ${deliveries} deliveries, ${requests} requests in ${seconds} s: nothing broken`);
  return 0;
}

type Total = Pick<Played, 'requests' | 'deliveries'>;

/** Plays seeds until something breaks. The first is played twice where it is to be checked that a seed determines everything. */
async function playSeeds(seeds: readonly number[], { isChecked }: { isChecked: boolean }): Promise<number> {
  replaceTransport();
  const programs = await buildPrograms(process.cwd(), plants[flags.plant ?? ''] ?? null);
  const total: Total = { requests: 0, deliveries: 0 };
  for (const seed of seeds) {
    const game = gameOf(seed, programs);
    const kept =
      flags.keep === undefined ? game.events.map((_, index) => index) : flags.keep.split(',').filter(Boolean).map(Number);
    const { broken, requests, deliveries, trace } = await game.play(kept, flags.trace ? say : silent);
    total.requests += requests;
    total.deliveries += deliveries;
    if (isChecked && seed === seeds[0] && (await game.play(kept, silent)).trace !== trace)
      throw new Error(`seed ${seed} played differently the second time: the simulation is not determined by its seed`);
    if (broken === null) continue;
    say(`seed ${seed}: ${broken.invariant}\n  ${broken.at.toISOString()}  ${broken.message}`);
    await explain(game, { seed, kept, invariant: broken.invariant });
    return 1;
  }
  if (process.send === undefined) say(`${total.deliveries} deliveries, ${total.requests} requests: nothing broken`);
  process.send?.(total);
  return 0;
}

/** Puts back one fault after the other, and says which seed finds it; 1 if one is not found. */
async function findPlants(seeds: readonly number[]): Promise<number> {
  replaceTransport();
  let status = 0;
  for (const [name, plant] of Object.entries(plants)) {
    const programs = await buildPrograms(process.cwd(), plant);
    let found = 'not found';
    for (const seed of seeds) {
      const { broken } = await playAll(gameOf(seed, programs));
      if (broken === null) continue;
      found = `seed ${seed}: ${broken.invariant}`;
      break;
    }
    if (found === 'not found') status = 1;
    say(`${name.padEnd(22)} ${found}`);
  }
  return status;
}

function playAll({ events, play }: Game): Promise<Played> {
  return play(
    events.map((_, index) => index),
    silent,
  );
}

interface Found {
  seed: number;
  kept: readonly number[];
  invariant: string;
}

/** Prints the fewest events with which the same invariant breaks, and the command that plays them. */
async function explain(game: Game, { seed, kept, invariant }: Found): Promise<void> {
  const fewest = await shrink(kept, async (some) => (await game.play(some, silent)).broken?.invariant === invariant);
  const { broken } = await game.play(fewest, silent);
  say(`\nWith ${fewest.length} of ${game.events.length} events, ${game.what}:`);
  for (const event of pick(game.events, fewest)) say(`  ${describe(event)}`);
  if (broken !== null) say(`  ${broken.at.toISOString()}  broken: ${broken.message}`);
  const planted = flags.plant === undefined ? '' : ` --plant ${flags.plant}`;
  say(`\nPlay it again: npm run test:simulation -- --seeds ${seed} --keep ${fewest.join(',')}${planted}`);
}

function describe({ at, kind = 'export', ...rest }: { at?: number; kind?: string }): string {
  return [at === undefined ? '' : new Date(at).toISOString(), kind, JSON.stringify(rest)].join('  ').trim();
}

function pick<Item>(items: readonly Item[], kept: readonly number[]): Item[] {
  return items.filter((_, index) => kept.includes(index));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (status) => process.exit(status),
  (thrown) => {
    process.stderr.write(`${thrown.stack}\n`);
    process.exit(1);
  },
);
