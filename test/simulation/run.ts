import { parseArgs } from 'node:util';
import { makeEmbeddedSchedule, playEmbedded } from './embedded';
import { type Plant, plants } from './plants';
import { buildPrograms, type Programs } from './program';
import { makeSchedule } from './schedule';
import { shrink } from './shrink';
import { replaceTransport } from './wire';
import { type Played, play } from './world';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-20' },
    /** Numbers of the events of the schedule that are kept. */
    keep: { type: 'string' },
    plant: { type: 'string' },
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
  const plant = plantOf(flags.plant);
  replaceTransport();
  const programs = await buildPrograms(process.cwd(), plant);
  const [first = 1, last = first] = flags.seeds.split('-').map(Number);
  const began = Date.now();
  const total = { requests: 0, deliveries: 0 };
  for (let seed = first; seed <= last; seed++) {
    const game = gameOf(seed, programs);
    const kept =
      flags.keep === undefined ? game.events.map((_, index) => index) : flags.keep.split(',').filter(Boolean).map(Number);
    const { broken, requests, deliveries, trace } = await game.play(kept, flags.trace ? say : silent);
    total.requests += requests;
    total.deliveries += deliveries;
    if (seed === first && (await game.play(kept, silent)).trace !== trace)
      throw new Error(`seed ${seed} played differently the second time: the simulation is not determined by its seed`);
    if (broken === null) continue;
    say(`seed ${seed}: ${broken.invariant}\n  ${broken.at.toISOString()}  ${broken.message}`);
    await explain(game, { seed, kept, invariant: broken.invariant });
    return 1;
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  say(`${last - first + 1} seeds, ${total.deliveries} deliveries, ${total.requests} requests in ${seconds} s: nothing broken`);
  return 0;
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

function plantOf(name: string | undefined): Plant | null {
  if (name === undefined) return null;
  const plant = plants[name];
  if (plant === undefined) throw new Error(`no plant ${name}; expected one of ${Object.keys(plants).join(', ')}`);
  return plant;
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
