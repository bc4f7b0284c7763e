import type { Waiting } from '../shared/engines/engine';
import { createSettler, type Purpose, type Settler } from '../shared/engines/open';
import type { ConfigFlags } from '../shared/platform/config';
import { openCliLog } from './log';
import { readSettings } from './settings';

/** The settings of a command, completed from the warehouse. Waits, with a message, while the warehouse is open elsewhere. */
export function openSettler(flags: ConfigFlags, purpose: Purpose, waiting: Waiting = {}): Settler {
  const config = readSettings(flags);
  return createSettler(config, purpose, () => new Date(), { log: openCliLog(config), ...waiting });
}
