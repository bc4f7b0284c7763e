import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** Replaces the part of a document that a benchmark writes. */
export function writeResults(part: string, text: string, path = 'docs/performance.md'): void {
  const document = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- ${part}: written by the benchmark -->`, `<!-- end of ${part} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`expected the lines ${begin} and ${end} in ${path}`);
  writeFileSync(path, `${document.slice(0, from)}${begin}\n\n${text.trim()}\n\n${document.slice(to)}`);
}

export function machine(): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${cpu}, ${availableParallelism()} threads, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, ${type()} ${release()}`;
}

export function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

export function median(values: number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Of measured times, where noise only adds: below it are a quarter of them. */
export function lowerQuartile(values: number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 2] ?? Number.NaN;
}

export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
export const mebibytes = (kibibytes: number) => `${Math.round(kibibytes / 1024)} MiB`;
export const times = (ratio: number) => `${ratio.toFixed(ratio < 10 ? 2 : 0)} ×`;
