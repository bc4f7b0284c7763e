import { createRandom } from '../support/random-source';
import { type BigQueryModel, createBigQueryModel, type JobFate, runOf } from './bigquery';
import { createClock } from './clock';
import { Broken, createInvariants, type Invariants, releaseRules } from './invariants';
import { createNetwork, type Fate } from './network';
import { type SimulatedProcess, startProcess } from './process';
import type { Programs } from './program';
import { type Answered, createPubsubModel, type PubsubModel, type PushedMessage } from './pubsub';
import type { Event, Operation, Schedule, SourceEvent } from './schedule';
import { createSource, type Source } from './source';
import { connectBigQuery, disconnect, pubsubPackage } from './wire';

/** The platform cuts a request to a function off then. */
const PLATFORM_MS = 540_000;
/** A command has no deadline of its own; the longest simulated one takes minutes. */
const COMMAND_MS = 2 * 3_600_000;
/** A call is given up after a minute, and the longest wait before a repeat is a little above another. */
const SILENCE_MS = 140_000;
const INSTANCES = 3;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A request to a function, or a command, that is being worked on. */
export interface Work {
  owner: SimulatedProcess;
  what: string;
  beganAt: number;
  limitMs: number;
  end: (how: Answered) => void;
}

/** All that there is in a world, for the invariants. */
export interface World {
  schedule: Schedule;
  source: Source;
  bigQuery: BigQueryModel;
  pubsub: PubsubModel;
  now(): number;
  /** Instants at which each run counted the source. */
  snapshots: Map<string, number[]>;
  /** Processes by the runs that they made jobs for. */
  runners: Map<string, SimulatedProcess>;
  processes: SimulatedProcess[];
  /** Those of them that said that a record could not be written. */
  unrecorded: Set<SimulatedProcess>;
}

export interface Played {
  requests: number;
  deliveries: number;
  /** Changes with everything that was asked and answered, and when. */
  trace: number;
  broken: Broken | null;
}

/** Plays a schedule to its end, and then lets the weather calm down and an operator clear up. `tell` gets a line for all that happens. */
export async function play(schedule: Schedule, programs: Programs, tell: (line: string) => void): Promise<Played> {
  const clock = createClock(schedule.start);
  const random = createRandom(schedule.seed ^ 0x5eed);
  const working = new Set<Work>();
  const pools: Record<string, SimulatedProcess[]> = { exportKpi: [], exportKpiHttp: [] };
  const counts = { deliveries: 0, processes: 0, trace: 0 };
  const environment = environmentOf(schedule);

  const source = createSource({
    ...schedule,
    days: schedule.days + 2,
    events: schedule.events.filter((event): event is SourceEvent => event.kind === 'late' || event.kind === 'delete'),
  });
  const network = createNetwork({ clock, random, onDeath: bury });
  const bigQuery = createBigQueryModel({
    clock,
    random,
    source,
    grain: schedule.grain,
    onWrite: (place, written, before) => invariants.written(place, written, before),
    onCount: (jobId, at) => {
      const run = runOf(jobId);
      world.snapshots.set(run, [...(world.snapshots.get(run) ?? []), at]);
      invariants.counted(jobId);
    },
  });
  const pubsub = createPubsubModel({ clock, random, push });
  const world: World = {
    schedule,
    source,
    bigQuery,
    pubsub,
    now: clock.now,
    snapshots: new Map(),
    runners: new Map(),
    processes: [],
    unrecorded: new Set(),
  };
  const invariants: Invariants = createInvariants(world);

  const faults: (Event & { kind: 'fault' })[] = [];
  let storm: { until: number; share: number; fates: readonly Fate[] } | null = null;

  function fateOf(operation: Operation, owner: SimulatedProcess, jobId = ''): Fate | JobFate | null {
    counts.trace = (Math.imul(counts.trace, 31) + operation.charCodeAt(0) + (clock.now() % 1_000_003)) | 0;
    if (jobId !== '') world.runners.set(runOf(jobId), owner);
    const work = workOf(owner);
    if (work && clock.now() - work.beganAt > work.limitMs)
      throw invariants.fail('no request after the deadline', `${work.what} sent ${operation}`);
    const fate = drawFate(operation);
    tell(`${moment()}  ${owner.name} ${operation}${jobId && ` ${jobId}`}${fate === null ? '' : `: ${fate}`}`);
    return fate;
  }

  function drawFate(operation: Operation): Fate | JobFate | null {
    const aimed = faults.filter(({ on }) => on === operation || on === 'any');
    const met = aimed.find(({ skip }) => skip === 0);
    if (met !== undefined) {
      faults.splice(faults.indexOf(met), 1);
      return met.fate;
    }
    for (const fault of aimed) fault.skip--;
    if (storm !== null && clock.now() < storm.until && random.chance(storm.share)) return random.pick(storm.fates);
    return null;
  }

  function moment(): string {
    return new Date(clock.now()).toISOString();
  }

  function start(program: 'functions' | 'kpi', argv: readonly string[] = [], onExit = () => {}): SimulatedProcess {
    const name = `p${++counts.processes}`;
    const inCloud = program === 'functions';
    const owner = startProcess({
      name,
      program: programs[program],
      clock,
      random,
      argv,
      onExit,
      environment: {
        ...environment,
        KPI_BIGQUERY_ENDPOINT: `http://${name}.simulated`,
        ...(inCloud && { K_SERVICE: 'kpi-export' }),
      },
      packages: (process) => {
        connectBigQuery(process, { network, model: bigQuery, fateOf });
        return { '@google-cloud/pubsub': pubsubPackage(process, { network, model: pubsub, fateOf }) };
      },
    });
    world.processes.push(owner);
    return owner;
  }

  function workOf(owner: SimulatedProcess): Work | undefined {
    return [...working].find((work) => work.owner === owner);
  }

  function begin(work: Omit<Work, 'beganAt'>): Work {
    const begun = { ...work, beganAt: clock.now() };
    working.add(begun);
    tell(`${moment()}  ${work.owner.name} begins ${work.what}`);
    begun.owner.activeAt = clock.now();
    return begun;
  }

  function finish(work: Work, how: Answered): void {
    if (!working.delete(work)) return;
    work.owner.freeze();
    tell(`${moment()}  ${work.owner.name} ends ${work.what}: ${how}`);
    for (const line of work.owner.output.splice(0)) {
      tell(`    ${line}`);
      if (line.includes('run record not written')) world.unrecorded.add(work.owner);
    }
    work.end(how);
  }

  /** What a dead process worked on is answered by nobody; the platform tells Pub/Sub at once, or not at all. */
  function bury(owner: SimulatedProcess): void {
    disconnect(owner);
    for (const pool of Object.values(pools)) if (pool.includes(owner)) pool.splice(pool.indexOf(owner), 1);
    const work = workOf(owner);
    if (work !== undefined) finish(work, random.chance(0.5) ? 'refused' : 'unanswered');
  }

  /** An instance of a function that is free, or a new one; null where all are busy. */
  function instanceOf(target: 'exportKpi' | 'exportKpiHttp'): SimulatedProcess | null {
    const pool = pools[target] ?? [];
    const free = pool.find((owner) => owner.state === 'frozen');
    if (free !== undefined && random.chance(0.2)) {
      free.kill(); // a free instance is taken away now and then
      bury(free);
    } else if (free !== undefined) {
      free.thaw();
      return free;
    }
    if (pool.length >= INSTANCES) return null;
    const made = start('functions');
    pool.push(made);
    return made;
  }

  function push(message: PushedMessage, answered: (how: Answered) => void): void {
    counts.deliveries++;
    const owner = instanceOf('exportKpi');
    if (owner === null) {
      answered('refused');
      return;
    }
    const fate = fateOf('push', owner);
    const what = `message ${message.id} (${message.data}), delivery ${message.attempts}`;
    const work = begin({
      owner,
      what,
      limitMs: PLATFORM_MS,
      end: (how) => answered(fate === null || how !== 'acknowledged' ? how : 'unanswered'),
    });
    const publishTime = new Date(message.publishTime).toISOString();
    const event = {
      id: message.id,
      data: { message: { messageId: message.id, data: message.data.toString('base64'), publishTime } },
    };
    void Promise.resolve(owner.functions.get('exportKpi')?.(event)).then(
      () => finish(work, 'acknowledged'),
      () => finish(work, 'refused'),
    );
  }

  function call(body: string): void {
    const owner = instanceOf('exportKpiHttp');
    if (owner === null) return;
    const work = begin({ owner, what: `call (${body})`, limitMs: PLATFORM_MS, end: () => {} });
    const headers: Record<string, string> = { 'content-length': String(body.length) };
    const request = {
      path: '/api/export-kpi',
      method: 'POST',
      url: '/api/export-kpi',
      rawBody: Buffer.from(body),
      header: (name: string) => headers[name],
    };
    const response = { status: () => response, set: () => response, json: () => response };
    void Promise.resolve(owner.functions.get('exportKpiHttp')?.(request, response)).then(() => finish(work, 'acknowledged'));
  }

  function command(argv: readonly string[]): Promise<SimulatedProcess> {
    return new Promise((resolve) => {
      let work: Work | undefined;
      const owner = start('kpi', argv, () => {
        disconnect(owner);
        if (work !== undefined) finish(work, 'acknowledged');
      });
      work = begin({ owner, what: `kpi ${argv.join(' ')}`, limitMs: COMMAND_MS, end: () => resolve(owner) });
    });
  }

  function happen(event: Event): void {
    if (event.kind === 'message') pubsub.request({ ...event, delayMs: event.delaySeconds * 1000 });
    else if (event.kind === 'call') call(event.body);
    else if (event.kind === 'command') void command(event.argv);
    else if (event.kind === 'interrupt')
      for (const { owner, what } of working) if (what.startsWith('kpi ')) owner.signal('SIGINT');
    if (event.kind === 'fault') faults.push({ ...event });
    if (event.kind === 'storm') storm = { ...event, until: event.at + event.seconds * 1000 };
  }

  /** Lets time pass until it is quiet, and `until` at least. */
  async function pass(until: number): Promise<void> {
    let wasBusy = false;
    clock.at(until, () => {});
    for (;;) {
      const isBusy = working.size > 0 || network.underway() > 0 || bigQuery.running() > 0;
      if (wasBusy && !isBusy) invariants.quiet();
      wasBusy = isBusy;
      const next = clock.next();
      if (next === null || (next > until && !isBusy && pubsub.outstanding() === 0)) return;
      clock.step();
      await settled();
      if (uncaught instanceof Broken) throw uncaught;
      if (uncaught !== null) throw invariants.fail('nothing is thrown outside of a request', String(uncaught));
      for (const { owner, what, beganAt, limitMs } of working) {
        const waits = clock.now() - owner.activeAt;
        if (waits > SILENCE_MS)
          throw invariants.fail('every wait ends', `${what} has waited ${Math.round(waits / 1000)} s for one answer`);
        if (clock.now() - beganAt > limitMs)
          throw invariants.fail('every wait ends', `${what} has not ended in ${limitMs / 1000} s`);
      }
    }
  }

  let uncaught: unknown = null;
  const catchIt = (reason: unknown) => {
    uncaught ??= reason;
  };
  process.on('unhandledRejection', catchIt);
  const played = (broken: Broken | null): Played => ({
    requests: network.sent(),
    deliveries: counts.deliveries,
    trace: counts.trace,
    broken,
  });
  try {
    for (const event of schedule.events) clock.at(event.at, () => happen(event));
    await pass(schedule.start + schedule.days * DAY_MS);
    invariants.settled();
    await pass(lastRowsAt(schedule));
    // calm: what is left is cleared up as docs/operations.md says
    faults.length = 0;
    storm = null;
    for (let round = 0; round < 2; round++)
      for (const argv of [
        ['replay', '--run', '--project', 'test'],
        ['gaps', '--fix'],
      ]) {
        clock.at(clock.now() + 300_000, () => void command(argv));
        await pass(clock.now() + 600_000);
      }
    invariants.cleared();
    return played(null);
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
    return played(thrown);
  } finally {
    process.off('unhandledRejection', catchIt);
    for (const owner of world.processes) {
      owner.kill();
      disconnect(owner);
    }
  }
}

/** When rows that come late have come. */
function lastRowsAt({ start, days, events }: Schedule): number {
  const ends = events.flatMap((event) => (event.kind === 'late' ? event.at + (event.hours + event.delayHours) * HOUR_MS : []));
  return Math.max(start + days * DAY_MS, ...ends);
}

/** All that follows from what has happened, without time passing. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function environmentOf({ timeZone, grain }: Schedule): Record<string, string> {
  return {
    KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
    KPI_SOURCE: 'test.source',
    KPI_LOCATION: 'EU',
    KPI_TIME_ZONE: timeZone,
    KPI_DEAD_LETTER_TOPIC: 'kpi-export-dead-letter',
    KPI_RELEASE: 'on',
    KPI_RELEASE_GRAIN: grain,
    KPI_RELEASE_MIN_PEOPLE: String(releaseRules.minPeople),
    KPI_RELEASE_ROUND_TO: String(releaseRules.roundTo),
    KPI_LOG_LEVEL: 'warning',
    PUBSUB_EMULATOR_HOST: 'simulated',
  };
}
