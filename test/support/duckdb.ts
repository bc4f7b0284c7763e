import { join } from 'node:path';
import { openDuckDb } from '../../shared/engines/duckdb/engine';
import type { OnEngine } from './export';
import { inTemporaryFolder } from './temporary-folder';

/** The embedded engine on a source folder, with a warehouse file that doesn't exist yet. */
export const onDuckDb: OnEngine = (sourceFolder, work) =>
  inTemporaryFolder(async (folder) => {
    const engine = await openDuckDb({
      config: {
        engine: 'duckdb',
        warehouse: join(folder, 'warehouse.duckdb'),
        source: { kind: 'path', path: sourceFolder },
      },
      access: 'export',
      now: new Date(),
    });
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  });
