import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems hand out by themselves, from 32768 on. */
const [FIRST, LAST] = [10_000, 32_000];

/** Each process begins elsewhere. */
let next = FIRST + ((process.pid * 64) % (LAST - FIRST));

/**
 * A port that is free, as is the one above it, and stays so until a server that can't choose one by itself listens: it is given out once,
 * and no system takes it for another socket.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next;
    next = port + 2 < LAST ? port + 2 : FIRST;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown;
    return false;
  } finally {
    server.close();
  }
}
