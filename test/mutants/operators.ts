import { parseSync } from '@swc/core';
import type { Mutant } from './mutant';

/** A part of a file, in bytes. */
interface Span {
  start: number;
  end: number;
}

interface Replacement extends Span {
  by: string;
}

const swapped: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
};

/**
 * The faults that general operators make of TypeScript: another comparison, connective or sign; a number that is one more; a condition
 * the other way round; a statement left out. Each is named by its place: `7:12 < becomes <=`.
 */
export function generate(file: string, text: string, tests: readonly string[]): Record<string, Mutant> {
  const bytes = Buffer.from(text);
  const found = Object.fromEntries(
    replacementsIn(text).map(({ start, end, by }): [string, Mutant] => {
      const [before, was, after] = [bytes.subarray(0, start), bytes.subarray(start, end), bytes.subarray(end)].map(String);
      const lines = (before ?? '').split('\n');
      const place = `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
      const change = `${shorten(was ?? '')} becomes ${by === '' ? 'nothing' : shorten(by)}`;
      return [`${file}:${place} ${change}`, { what: change, file, edits: [[text, `${before}${by}${after}`]], tests }];
    }),
  );
  return found;
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

/** What the parser gives of a node, as far as it is needed. */
interface Node {
  type: string;
  span: Span;
  operator?: string;
  value?: unknown;
  left?: Node;
  right?: Node;
  test?: Node;
  expression?: Node;
}

function replacementsIn(text: string): Replacement[] {
  // the parser counts on from what it parsed before; a module begins with its first token
  const parsed = parseSync(`;${text}`, { syntax: 'typescript', target: 'es2022' });
  const base = parsed.span.start + 1;
  const source = Buffer.from(text);
  const textOf = ({ start, end }: Span) => source.subarray(start - base, end - base).toString();
  const found: Replacement[] = [];
  const replace = (span: Span, by: string) => found.push({ start: span.start - base, end: span.end - base, by });

  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    const node = value as Node;
    if (node.type?.startsWith('Ts') && node.type !== 'TsAsExpression' && node.type !== 'TsSatisfiesExpression') return; // types do nothing
    const { type, span, operator = '', left, right, test } = node;
    const other = swapped[operator];
    if (type === 'BinaryExpression' && left !== undefined && right !== undefined && other !== undefined) {
      const start = left.span.end + textOf({ start: left.span.end, end: right.span.start }).indexOf(operator);
      replace({ start, end: start + operator.length }, other);
    }
    if (type === 'NumericLiteral') replace(span, String(Number(node.value) + 1));
    if (type === 'BooleanLiteral') replace(span, String(!node.value));
    if ((type === 'IfStatement' || type === 'ConditionalExpression') && test !== undefined)
      replace(test.span, `!(${textOf(test.span)})`);
    if (type === 'ExpressionStatement' && node.expression?.type !== 'StringLiteral') replace(span, ';');
    for (const child of Object.values(node)) visit(child);
  };
  visit(parsed.body);
  return found;
}
