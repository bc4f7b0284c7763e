/**
 * JSON.parse, but without its leniency: bytes that are no UTF-8 and a key that comes twice in an object, of which JSON.parse would take
 * the last without a word, are SyntaxErrors. A byte order mark is let pass.
 */
export function parseStrictJson(data: Buffer): unknown {
  const text = decode(data);
  const value: unknown = JSON.parse(text);
  if (hasKeyTwice(text)) throw new SyntaxError('a key twice');
  return value;
}

function decode(data: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    throw new SyntaxError('no UTF-8');
  }
}

/** `text` is valid JSON. */
function hasKeyTwice(text: string): boolean {
  /** Of each object that is open, its keys so far; null for an array. */
  const open: (Set<string> | null)[] = [];
  let before = '';
  // a string in runs, not by character: V8 would run out of stack where it is some megabytes long
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g)) {
    const keys = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ',' && keys && (before === '{' || before === ',')) {
      const key = JSON.parse(token) as string; // "d\u0061te" is "date"
      if (keys.has(key)) return true;
      keys.add(key);
    }
    before = token;
  }
  return false;
}
