/** What a terminal acts on, shows out of order or not at all: control characters, marks of direction and other invisible ones, halves of pairs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text that others wrote, as it may be printed: of what is unprintable the code point, as \u{1b}, and at most `most` characters. */
export function printable(text: string, most: number): string {
  const escaped = text.replaceAll(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return escaped.length <= most ? escaped : `${escaped.slice(0, most)}…`.replace(/[\ud800-\udbff]…$/, '…');
}
