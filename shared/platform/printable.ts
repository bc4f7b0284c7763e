/** Characters that a terminal acts on, reorders or doesn't show: control characters, direction marks, invisible ones, lone surrogates. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** User text made safe to print: unprintable characters as code points such as \u{1b}, at most `most` characters. */
export function printable(text: string, most: number): string {
  const escaped = text.replaceAll(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return escaped.length <= most ? escaped : `${escaped.slice(0, most)}…`.replace(/[\ud800-\udbff]…$/, '…');
}
