import { generate } from './operators';

const places = (text: string) => Object.keys(generate('a.ts', text, [])).map((name) => name.replace('a.ts:', ''));

test('faults are made of what a file does, and of no type or comment', () => {
  const text = `// a < b: é
type A = 1 | 2;
export function f(a: number, b: 3): boolean {
  if (a < b && a !== 4) g();
  return a + 1 > b ? true : b;
}
`;
  expect(places(text)).toEqual([
    '4:7 a < b && a !== 4 becomes !(a < b && a !== 4)',
    '4:13 && becomes ||',
    '4:9 < becomes <=',
    '4:18 !== becomes ===',
    '4:22 4 becomes 5',
    '4:25 g(); becomes ;',
    '5:10 a + 1 > b becomes !(a + 1 > b)',
    '5:16 > becomes >=',
    '5:12 + becomes -',
    '5:14 1 becomes 2',
    '5:22 true becomes false',
  ]);
});
