import { basename } from 'node:path';
import type { Engine } from '../engines/engine';
import { holdsDemo } from '../engines/identity';
import type { Grain } from '../metrics/grain';
import type { Config } from '../platform/config';
import { grainsOf } from './digest';
import { type ReadJudgedOptions, type ReadReport, readJudged } from './judged';

export interface ReadDigestOptions extends Omit<ReadJudgedOptions, 'grain'> {
  /** Only the period of this grain; null: the day, and the week and month if they end on it. */
  grain: Grain | null;
}

/** Reads the periods of a digest. Leaves out periods without a report. */
export async function readDigest(
  engine: Engine,
  { grain, ...options }: ReadDigestOptions,
  signal?: AbortSignal,
): Promise<ReadReport[]> {
  const first = await readJudged(engine, { ...options, grain: grain ?? 'day' }, signal);
  if (first === null || grain !== null) return first === null ? [] : [first];
  const reports = [first];
  for (const longer of grainsOf(first.start).filter((one) => one !== 'day')) {
    const report = await readJudged(engine, { ...options, date: first.start, grain: longer }, signal);
    if (report !== null) reports.push(report);
  }
  return reports;
}

/** Where the reports are, for readers elsewhere: a dataset, or a file name without its folder. */
export function placeOf(config: Config): string {
  const { warehouse } = config;
  if (warehouse.engine === 'bigquery') return `${warehouse.project}.${warehouse.dataset}`;
  return `${holdsDemo(config) ? 'demo data in ' : ''}${basename(warehouse.warehouse)}`;
}
