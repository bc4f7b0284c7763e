import { parseArgs } from 'node:util';
import { type Plant, plants } from './plants';
import { buildPrograms, type Programs } from './program';
import { type Event, makeSchedule, type Schedule } from './schedule';
import { shrink } from './shrink';
import { replaceTransport } from './wire';
import { play } from './world';

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

async function main(): Promise<number> {
  const plant = plantOf(flags.plant);
  replaceTransport();
  const programs = await buildPrograms(process.cwd(), plant);
  const [first = 1, last = first] = flags.seeds.split('-').map(Number);
  const began = Date.now();
  const total = { requests: 0, deliveries: 0 };
  for (let seed = first; seed <= last; seed++) {
    const schedule = makeSchedule(seed);
    const kept =
      flags.keep === undefined ? schedule.events.map((_, index) => index) : flags.keep.split(',').filter(Boolean).map(Number);
    const { broken, requests, deliveries, trace } = await play(
      withEvents(schedule, kept),
      programs,
      flags.trace ? say : undefined,
    );
    total.requests += requests;
    total.deliveries += deliveries;
    if (seed === first) {
      const again = await play(withEvents(schedule, kept), programs);
      if (again.trace !== trace)
        throw new Error(`seed ${seed} played differently the second time: the simulation is not determined by its seed`);
    }
    if (broken !== null) {
      say(`seed ${seed}: ${broken.invariant}\n  ${broken.at.toISOString()}  ${broken.message}`);
      await explain(schedule, kept, programs, broken.invariant);
      return 1;
    }
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  say(`${last - first + 1} seeds, ${total.deliveries} deliveries, ${total.requests} requests in ${seconds} s: nothing broken`);
  return 0;
}

/** Prints the fewest events with which the same invariant breaks, and the command that plays them. */
async function explain(schedule: Schedule, kept: readonly number[], programs: Programs, invariant: string): Promise<void> {
  const fewest = await shrink(
    kept,
    async (some) => (await play(withEvents(schedule, some), programs)).broken?.invariant === invariant,
  );
  const { broken } = await play(withEvents(schedule, fewest), programs);
  say(`\nWith ${fewest.length} of ${schedule.events.length} events, days of ${schedule.timeZone}, release by ${schedule.grain}:`);
  for (const index of fewest) say(`  ${describe(schedule.events[index])}`);
  if (broken !== null) say(`  ${broken.at.toISOString()}  broken: ${broken.message}`);
  const planted = flags.plant === undefined ? '' : ` --plant ${flags.plant}`;
  say(`\nPlay it again: npm run test:simulation -- --seeds ${schedule.seed} --keep ${fewest.join(',')}${planted}`);
}

function describe(event: Event | undefined): string {
  if (event === undefined) return '';
  const { at, kind, ...rest } = event;
  return `${new Date(at).toISOString()}  ${kind} ${JSON.stringify(rest)}`;
}

function withEvents(schedule: Schedule, kept: readonly number[]): Schedule {
  return { ...schedule, events: schedule.events.filter((_, index) => kept.includes(index)) };
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
