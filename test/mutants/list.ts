import { doors } from './doors';
import { engines } from './engines';
import { exporting } from './exporting';
import { metrics } from './metrics';
import type { Mutant } from './mutant';
import { page } from './page';
import { releasing } from './releasing';

/** All faults, by name. */
export const mutants: Record<string, Mutant> = { ...doors, ...engines, ...metrics, ...exporting, ...releasing, ...page };
