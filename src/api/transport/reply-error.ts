import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a request, a connection or a WebSocket is refused. */
export interface TransportError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** After how many seconds the client may try again; absent if trying again does not help. */
  readonly retryAfterSeconds?: number;
}

const retryAfterSeconds = 5;

/** An error of a server that has reached a limit. */
export function full(code: string, message: string): TransportError {
  return { status: 503, code, message, retryAfterSeconds };
}

/** An error of one actor or one address that has reached its limit. */
export function exceeded(code: string, message: string): TransportError {
  return { status: 429, code, message, retryAfterSeconds };
}

/** The body of a refusal, in the form of a GraphQL result. */
export function toBody({ message, code }: TransportError): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}

/** Sends a refusal on a socket that has no HTTP response, and closes the socket. */
export function replySocketError(socket: Duplex, refusal: TransportError): void {
  const { status, retryAfterSeconds: seconds } = refusal;
  const body = toBody(refusal);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    'X-Content-Type-Options: nosniff',
    ...(seconds === undefined ? [] : [`Retry-After: ${seconds}`]),
  ];
  const timer = setTimeout(() => socket.destroy(), closeTimeoutMs);
  socket.once('close', () => clearTimeout(timer));
  // The peer may reset the connection meanwhile.
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.once('finish', () => socket.destroy());
}

/** How long a peer may take to read a refusal. */
const closeTimeoutMs = 1_000;
