import { createColors, wantsColors } from '../../cli/colors';

test.each<[string, NodeJS.ProcessEnv, boolean, boolean]>([
  ['a terminal', {}, true, true],
  ['a pipe', {}, false, false],
  ['a pipe where CI is set', { CI: 'true' }, false, false],
  ['a terminal without colours', { TERM: 'dumb' }, true, false],
  ['NO_COLOR', { NO_COLOR: '1' }, true, false],
  ['an empty NO_COLOR', { NO_COLOR: '' }, true, true],
  ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, false, true],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
  ['NO_COLOR beside FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, false, false],
])('%s', (_, env, isTerminal, expected) => {
  expect(wantsColors(env, isTerminal)).toBe(expected);
});

test.each([
  ['bold', '\u001b[1mtext\u001b[22m'],
  ['dim', '\u001b[2mtext\u001b[22m'],
  ['green', '\u001b[32mtext\u001b[39m'],
  ['red', '\u001b[31mtext\u001b[39m'],
] as const)('%s, where colours are wanted', (name, expected) => {
  expect(createColors(true)[name]('text')).toBe(expected);
  expect(createColors(false)[name]('text')).toBe('text');
});
