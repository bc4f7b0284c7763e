import { type Config, type ConfigFlags, parseConfig, type UnknownSetting } from '../shared/platform/config';
import { readConfigFile } from './config-file';
import { fitTerminal } from './terminal';

/** The settings of a command: its flags, the environment, and kpi.config.json of this folder. */
export function readSettings(flags: ConfigFlags = {}): Config {
  const { values, unknown } = readConfigFile();
  for (const setting of unknown) warnOfUnknown(setting);
  return parseConfig(process.env, flags, values);
}

export function warnOfUnknown({ name, nearest }: UnknownSetting): void {
  const advice = nearest === null ? '' : `; did you mean ${nearest}?`;
  process.stderr.write(`${fitTerminal(`kpi: ${name} is no setting, and is ignored${advice}`)}\n`);
}

/** Whether failures are printed with a stack. Works even if the settings are faulty. */
export function wantsDebug(): boolean {
  if (process.env.KPI_LOG_LEVEL !== undefined) return process.env.KPI_LOG_LEVEL === 'debug';
  try {
    return readConfigFile().values.KPI_LOG_LEVEL === 'debug';
  } catch {
    return false;
  }
}
