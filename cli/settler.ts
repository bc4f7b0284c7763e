import type { Waiting } from '../shared/engines/engine';
import { createSettler, type Purpose, type Settler } from '../shared/engines/open';
import type { ConfigFlags } from '../shared/platform/config';
import { openCliLog } from './log';
import { readSettings } from './settings';

/** The settings of a command, as the warehouse that they name continues them. Waits for a warehouse that is open elsewhere, and says so. */
export function openSettler(flags: ConfigFlags, purpose: Purpose, waiting: Waiting = {}): Settler {
  const config = readSettings(flags);
  return createSettler(config, purpose, () => new Date(), { log: openCliLog(config), ...waiting });
}
