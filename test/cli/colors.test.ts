import { wantsColors } from '../../cli/colors';

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
