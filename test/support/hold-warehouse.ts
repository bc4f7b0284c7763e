import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Keeps a DuckDB file open in another process, until the answered function is called. */
export async function holdWarehouse(file: string): Promise<() => Promise<void>> {
  const script = `require(process.argv[1]).DuckDBInstance.create(process.argv[2]).then((instance) => {
    console.log('held');
    setInterval(() => instance, 1000);
  })`;
  const holder = spawn(process.execPath, ['-e', script, require.resolve('@duckdb/node-api'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return async () => {
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    holder.kill('SIGKILL');
    await once(holder, 'close');
  };
}
