import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Keeps a DuckDB file open in another process, by default to write, until the answered function is called. */
export async function holdWarehouse(
  file: string,
  accessMode: 'READ_WRITE' | 'READ_ONLY' = 'READ_WRITE',
): Promise<() => Promise<void>> {
  const script = `require(process.argv[1]).DuckDBInstance.create(process.argv[2], { access_mode: process.argv[3] }).then((instance) => {
    console.log('held');
    setInterval(() => instance, 1000);
  })`;
  const holder = spawn(process.execPath, ['-e', script, require.resolve('@duckdb/node-api'), file, accessMode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return async () => {
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    holder.kill('SIGKILL');
    await once(holder, 'close');
  };
}
