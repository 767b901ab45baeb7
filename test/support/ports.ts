import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports that no system gives to clients, nor to servers that ask for any port: those begin at 32768
 * on Linux and at 49152 elsewhere. So a port stays free while a server starts or is stopped.
 */
const [first, last] = [20_000, 32_767];
const attemptsMax = 100;

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = first + Math.floor(Math.random() * (last - first + 1));
    if (await isFree(port)) return port;
  }
  throw new Error('no port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
