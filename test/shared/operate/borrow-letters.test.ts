import { borrowLetters, type Loan, type LoanOptions, type LoanPace } from '../../../shared/operate/borrow-letters';
import { Failure } from '../../../shared/platform/failure';
import { createPubsub, type PubsubClient } from '../../../shared/pubsub/client';
import { type PubsubServer, startPubsubServer } from '../../support/pubsub-server';

/** Letters on loan, over real gRPC. */
const pace: LoanPace = { leaseSeconds: 180, extendMs: 600_000, giveBackMs: 30_000 };

let server: PubsubServer;
let pubsub: PubsubClient;
let stop: AbortController;
let complaints: Failure[];
const before = process.env.PUBSUB_EMULATOR_HOST;

beforeEach(async () => {
  server = await startPubsubServer();
  process.env.PUBSUB_EMULATOR_HOST = server.host;
  pubsub = createPubsub('test');
  stop = new AbortController();
  complaints = [];
  for (const id of ['one', 'two', 'three']) server.add(id, `{"letter":"${id}"}`);
});

afterEach(async () => {
  await pubsub.close();
  await server.close();
  if (before === undefined) delete process.env.PUBSUB_EMULATOR_HOST;
  else process.env.PUBSUB_EMULATOR_HOST = before;
});

function borrow<Result>(work: (loan: Loan) => Promise<Result>, changes: Partial<LoanOptions> = {}): Promise<Result> {
  return borrowLetters(
    {
      pubsub,
      subscription: 'letters',
      stop: stop.signal,
      abort: new AbortController().signal,
      pace,
      complain: (failure) => complaints.push(failure),
      ...changes,
    },
    work,
  );
}

const done = async () => true;
const waiting = () => server.messages.filter(({ ackId }) => ackId === null).map(({ id }) => id);
const of = (loan: Loan, wanted: string) => {
  const found = loan.letters.find(({ id }) => id === wanted);
  if (found === undefined) throw new Error(`no letter ${wanted}`);
  return found;
};

test('all letters are borrowed once, also from small pulls, and returned after the work', async () => {
  for (let index = 0; index < 250; index++) server.add(`more-${index}`, '');
  server.play('Pull', null, { status: 14 });
  const ids = await borrow(async ({ letters }) => {
    expect(waiting()).toEqual([]);
    return letters.map(({ id }) => id);
  });
  expect(ids).toEqual(server.messages.map(({ id }) => id));
  expect([new Set(ids).size, server.lent(), complaints]).toEqual([253, [], []]);
});

test('an acknowledged letter is gone while others are processed', async () => {
  await borrow(async (loan) => {
    expect(await loan.settle(of(loan, 'two'), done)).toBe(true);
    expect(server.messages.map(({ id }) => id)).toEqual(['one', 'three']);
    expect(server.lent()).toEqual(['one', 'three']);
  });
  expect(waiting()).toEqual(['one', 'three']);
});

test('the remaining letters are extended until the work ends', async () => {
  const isExtension = (ids: string[]) => (call: { seconds?: number; ids: string[] }) =>
    call.seconds === 180 && call.ids.join() === ids.join();
  await borrow(
    async (loan) => {
      server.calls.length = 0;
      await server.called(isExtension(['one', 'two', 'three']));
      expect(await loan.settle(of(loan, 'one'), done)).toBe(true);
      server.calls.length = 0;
      for (let time = 0; time < 3; time++) {
        await server.called(isExtension(['two', 'three']));
        server.calls.length = 0;
      }
    },
    { pace: { ...pace, extendMs: 5 } },
  );
  const given = server.calls.findIndex(({ seconds }) => seconds === 0);
  expect(server.calls.slice(given)).toEqual([{ method: 'ModifyAckDeadline', ids: ['two', 'three'], seconds: 0 }]);
});

test('a failed extension is logged, and the next one is tried', async () => {
  await borrow(
    async () => {
      server.calls.length = 0;
      server.play('ModifyAckDeadline', { status: 13 });
      for (let time = 0; time < 2; time++) {
        await server.called(({ seconds }) => seconds === 180);
        server.calls.length = 0;
      }
    },
    { pace: { ...pace, extendMs: 5 } },
  );
  expect(complaints.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'UNAVAILABLE Pub/Sub refused or failed while borrowing letters of letters (gRPC status 13)',
  ]);
  expect(server.lent()).toEqual([]);
});

test('letters are returned if the work fails, and the failure is passed on', async () => {
  const failure = new Failure('QUALITY_GATE', 'the reason');
  await expect(borrow(() => Promise.reject(failure))).rejects.toBe(failure);
  expect(server.lent()).toEqual([]);
});

test('letters are returned if a later pull fails', async () => {
  server.play('Pull', null, { status: 7 });
  await expect(borrow(async () => {})).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  expect(waiting()).toEqual(['one', 'two', 'three']);
});

test('a letter whose work is not done is not acknowledged', async () => {
  await borrow(async (loan) => expect(await loan.settle(of(loan, 'one'), async () => false)).toBe(false));
  expect(server.calls.filter(({ method }) => method === 'Acknowledge')).toEqual([]);
  expect(waiting()).toEqual(['one', 'two', 'three']);
});

test('a letter that could not be acknowledged is returned, too', async () => {
  server.play('Acknowledge', { status: 13 });
  await expect(borrow((loan) => loan.settle(of(loan, 'one'), done))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(waiting()).toEqual(['one', 'two', 'three']);
});

describe('stopped', () => {
  test('during the work, all letters that are not done are back before it has ended', async () => {
    await borrow(async (loan) => {
      expect(await loan.settle(of(loan, 'one'), done)).toBe(true);
      stop.abort();
      await server.called(({ seconds }) => seconds === 0);
      expect(waiting()).toEqual(['two', 'three']);
    });
    expect(server.calls.filter(({ seconds }) => seconds === 0)).toHaveLength(1);
  });

  test.each([true, false])('while a letter is worked on, it alone stays on loan until its work is done: %s', async (isDone) => {
    await borrow(
      (loan) =>
        loan.settle(of(loan, 'two'), async () => {
          stop.abort();
          await server.called(({ seconds }) => seconds === 0);
          expect(waiting()).toEqual(['one', 'three']);
          server.calls.length = 0;
          await server.called(({ ids, seconds }) => seconds === 180 && ids.join() === 'two');
          return isDone;
        }),
      { pace: { ...pace, extendMs: 5 } },
    );
    expect(server.messages.map(({ id }) => id)).toEqual(isDone ? ['one', 'three'] : ['one', 'two', 'three']);
    expect(server.lent()).toEqual([]);
  });

  test('during a pull, what it answers is given back, and nothing is worked on', async () => {
    let answer = () => {};
    server.play('Pull', { waits: new Promise((resolve) => (answer = resolve)) });
    const work = jest.fn();
    const borrowing = borrow(work);
    await server.called(({ method }) => method === 'Pull');
    stop.abort();
    answer();
    await expect(borrowing).rejects.toMatchObject({ code: 'TIMEOUT', message: 'stopped while reading letters' });
    expect([server.lent(), work.mock.calls]).toEqual([[], []]);
  });

  test('during a pull that is never answered, the others are given back, and it ends', async () => {
    server.play('Pull', null, { silent: 'before' });
    const borrowing = borrow(async () => {}, { pace: { ...pace, giveBackMs: 30 } });
    await server.called(({ method, ids }) => method === 'Pull' && ids.length === 0);
    stop.abort();
    await expect(borrowing).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(server.lent()).toEqual([]);
  });
});

test('if returning is never answered, it ends and says when letters can be read again', async () => {
  await borrow(
    async () => {
      server.strike = () => ({ silent: 'before' });
    },
    { pace: { ...pace, giveBackMs: 30 } },
  );
  expect(complaints.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'UNAVAILABLE 3 letters could not be given back; wait 180 seconds to read them again',
  ]);
});

test('an acknowledgement is not waited for after the second Ctrl-C', async () => {
  server.play('Acknowledge', { silent: 'before' });
  const abort = new AbortController();
  const borrowing = borrow((loan) => loan.settle(of(loan, 'one'), done), { abort: abort.signal });
  await server.called(({ method }) => method === 'Acknowledge');
  abort.abort();
  await expect(borrowing).rejects.toMatchObject({ code: 'TIMEOUT', message: 'stopped while acknowledging in letters' });
});
