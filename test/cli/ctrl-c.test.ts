import { type CtrlC, listenToCtrlC } from '../../cli/ctrl-c';

/** Signals are those of this process, sent to its listeners alone. */
let exit: jest.SpyInstance;
let said: string[];
let ctrlC: CtrlC;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;
const send = (signal: NodeJS.Signals) => process.emit(signal, signal);
const state = () => [ctrlC.stop.aborted, ctrlC.abort.aborted];

beforeEach(() => {
  jest.useFakeTimers();
  exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
  said = [];
  ctrlC = listenToCtrlC(() => said.push('stopping'));
});

afterEach(() => {
  ctrlC.end();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

test.each(signals)('the first %s stops, and ends nothing', (signal) => {
  send(signal);
  jest.advanceTimersByTime(60_000);
  expect([state(), said, exit.mock.calls]).toEqual([[true, false], ['stopping'], []]);
});

test('the second Ctrl-C aborts; a process that runs seconds later is ended', () => {
  send('SIGINT');
  send('SIGINT');
  expect([state(), said, exit.mock.calls]).toEqual([[true, true], ['stopping'], []]);
  jest.advanceTimersByTime(5_000);
  expect(exit.mock.calls[0]).toEqual([130]);
});

test('output to a closed reader aborts nothing more', () => {
  for (let line = 0; line < 3; line++) send('SIGPIPE');
  expect(state()).toEqual([true, false]);
});

test('signals are handled by others after the end', () => {
  const before = signals.map((name) => process.listenerCount(name));
  ctrlC.end();
  expect(signals.map((name) => process.listenerCount(name))).toEqual(before.map((count) => count - 1));
});
