/**
 * Like JSON.parse, but throws a SyntaxError for bytes that are not UTF-8, and for a repeated key in an object (JSON.parse silently takes the
 * last). A byte order mark is allowed.
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
  /** For each open object its keys so far; null for an array. */
  const open: (Set<string> | null)[] = [];
  let before = '';
  // matches a string in runs, not by character: with strings of some megabytes V8 would run out of stack
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
