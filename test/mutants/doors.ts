import type { Mutant } from './mutant';

/** Faults of the functions and of `kpi replay`. */
export const doors = {
  'parking-not-awaited': {
    what: 'a message is acknowledged before its letter is published',
    file: 'functions/export-kpi.ts',
    edits: [['await park(letter);', 'void park(letter).catch(() => {});']],
    tests: ['test/functions/park.test.ts'],
  },
  'publishing-not-awaited': {
    what: 'a letter counts as parked before the topic has it',
    file: 'functions/park.ts',
    edits: [['await (await client).publish(', 'void (await client).publish(']],
    tests: ['test/functions/park.test.ts'],
  },
  'parking-fails-in-silence': {
    what: 'a message whose letter could not be published is acknowledged',
    file: 'functions/export-kpi.ts',
    edits: [['throw lost;', 'return;']],
    tests: ['test/functions/park.test.ts'],
  },
  'deadline-above-platform': {
    what: 'the platform ends a run before it ends itself: no record, no reason',
    file: 'functions/deadline.ts',
    edits: [['480_000', '560_000']],
    tests: ['test/infra/infra.test.ts'],
  },
  'deadline-without-room': {
    what: 'a run that ends at its deadline has no time left for its record',
    file: 'functions/deadline.ts',
    edits: [['480_000', '539_000']],
    tests: ['test/infra/infra.test.ts'],
  },
  'jobs-outlive-the-run': {
    what: 'BigQuery works on a query that nobody waits for any more',
    file: 'shared/engines/bigquery/session.ts',
    edits: [['450_000', '500_000']],
    tests: ['test/infra/infra.test.ts'],
  },
  'message-without-deadline': {
    what: 'the run of a message never ends by itself',
    file: 'functions/export-kpi.ts',
    edits: [['AbortSignal.timeout(deadlineMs)', 'new AbortController().signal']],
    tests: ['test/functions/export-kpi.test.ts'],
  },
  'call-without-deadline': {
    what: 'the run of a call never ends by itself',
    file: 'functions/export-kpi-http.ts',
    edits: [['AbortSignal.timeout(deadlineMs)', 'new AbortController().signal']],
    tests: ['test/functions/export-kpi.test.ts'],
  },
  'letters-left-on-loan': {
    what: 'after replay no letter can be read for minutes',
    file: 'shared/operate/borrow-letters.ts',
    edits: [['    await giveBack();\n', '']],
    tests: ['test/shared/operate/borrow-letters.test.ts'],
  },
  'letters-lent-again': {
    what: 'giving a letter back lends it for three minutes more',
    file: 'shared/operate/borrow-letters.ts',
    edits: [['pubsub.lend(subscription, letters, 0)', 'pubsub.lend(subscription, letters, pace.leaseSeconds)']],
    tests: ['test/shared/operate/borrow-letters.test.ts'],
  },
  'unfinished-letter-acknowledged': {
    what: 'a letter whose export failed is gone',
    file: 'shared/operate/borrow-letters.ts',
    edits: [['if (!(await isDone())) return false;', 'await isDone();']],
    tests: ['test/shared/operate/borrow-letters.test.ts'],
  },
} satisfies Record<string, Mutant>;
