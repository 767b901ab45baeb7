import { connect, type Socket } from 'node:net';

/** A TCP connection on which a test determines every byte that is sent. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  isClosed(): boolean;
  send(text: string | Buffer): void;
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let isClosed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    received: () => Buffer.concat(chunks).toString(),
    isClosed: () => isClosed,
    send: (text) => socket.write(text),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** The head of a POST of JSON with a body of `length` bytes, or in chunks. */
export function head(length: number | 'chunked', more = ''): string {
  const size = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${size}\r\n${more}\r\n`;
}
