import type { Grain } from '../metrics/grain';
import { RELEASE_DATASET } from '../platform/config';
import { Failure } from '../platform/failure';

/** Throws BAD_CONFIG if periods of another grain are released: a week minus six of its days gives the seventh. `held`: grains with rows. */
export function requireGrain(wanted: Grain, held: readonly Grain[]): void {
  const other = held.find((grain) => grain !== wanted);
  if (other === undefined) return;
  throw new Failure(
    'BAD_CONFIG',
    `KPI_RELEASE_GRAIN: is ${wanted}, but ${RELEASE_DATASET} holds released ${other}s; expected ${other}, for a dataset has one grain`,
  );
}
