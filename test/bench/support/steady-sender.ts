import { delay } from '../../../src/lib/delay.ts';
import { type Connection, isOk, openConnection } from './connection.ts';
import { sequenceOf } from './contract.ts';
import type { SentCommand } from './live-job.ts';

/** Sends at a steady rate even if answers are late, over as many connections as needed. */
export interface Sender {
  sendSteadily(toRequest: (index: number) => string, pace: Pace): Promise<readonly SentCommand[]>;
  stop(): void;
}

export interface Pace {
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

const connectionsMax = 64;

/** Creates a sender. It fails if an answer lacks the expected text or a sequence number. */
export function createSender(port: number, expected: string): Sender {
  const all: Connection[] = [];
  const idle: Connection[] = [];
  let failure: Error | null = null;

  function onLost(error: Error): void {
    failure ??= error;
  }

  async function takeConnection(): Promise<Connection> {
    const known = idle.pop();
    if (known !== undefined) return known;
    if (all.length >= connectionsMax)
      throw new Error(
        `the server does not keep up: ${connectionsMax} connections wait for an answer`,
      );
    const connection = await openConnection({ port, onLost });
    all.push(connection);
    return connection;
  }

  async function send(request: string): Promise<Omit<SentCommand, 'index' | 'isWarmUp'>> {
    const connection = await takeConnection();
    return new Promise((resolve, reject) => {
      const sentAt = performance.now();
      connection.send(request, (answer) => {
        const answeredAt = performance.now();
        if (!isOk(answer) || !answer.includes(expected)) return reject(new Error(answer));
        idle.push(connection);
        resolve({ sequence: sequenceOf(answer), sentAt, answeredAt });
      });
    });
  }

  return {
    async sendSteadily(toRequest, { perSecond, warmUpMs, measuredMs }) {
      const startedAt = performance.now();
      const total = Math.round(((warmUpMs + measuredMs) / 1000) * perSecond);
      const warmUp = Math.round((warmUpMs / 1000) * perSecond);
      const sent: Promise<SentCommand>[] = [];
      for (let index = 0; index < total; index += 1) {
        const waitMs = startedAt + (index / perSecond) * 1000 - performance.now();
        if (waitMs > 0) await delay(waitMs);
        if (failure !== null) throw failure;
        const command = send(toRequest(index)).then((times) => ({
          ...times,
          index,
          isWarmUp: index < warmUp,
        }));
        command.catch(onLost);
        sent.push(command);
      }
      return Promise.all(sent);
    },
    stop() {
      for (const connection of all) connection.end();
    },
  };
}
