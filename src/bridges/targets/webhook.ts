import { lookup } from 'node:dns/promises';
import { Webhook } from 'standardwebhooks';
import { BridgeParkedError, RetryLaterError } from '../errors.ts';
import { type ChainedMessage, toStructured } from '../message.ts';
import type { WebhookSettings } from '../settings.ts';
import type { Target, TargetKind } from '../target.ts';
import { createPoster, type PostAnswer } from './http-post.ts';
import {
  createPublicLookup,
  isPublicAddress,
  PrivateAddressError,
  type Resolve,
  toLiteralAddress,
} from './public-address.ts';
import type { Secrets } from './secrets.ts';

interface WebhookTargetOptions {
  readonly settings: WebhookSettings;
  readonly secret: Secrets;
  /** Finds the addresses of a host name; the resolver of the system by default. */
  readonly resolve?: Resolve;
}

const giveUpAfterMs = 3 * 86_400_000;
const retryAfterMaxMs = 3_600_000;
const gone = 410;
/** A shorter secret can be guessed. Standard Webhooks has the same limit. */
const secretBytesMin = 24;

/**
 * An HTTP endpoint. Each event is one POST in the structured mode of CloudEvents, signed
 * according to Standard Webhooks. The next one is sent only after a 2xx answer. An endpoint cannot
 * report what it has, so the checkpoint is saved after each event (a batch is one event). A program
 * that was killed sends at most one event again, with the same `webhook-id`.
 */
export function webhookTarget(options: WebhookTargetOptions): TargetKind {
  return {
    batchMax: 1,
    giveUpAfterMs,
    open: async () => openEndpoint(options),
  };
}

function openEndpoint({ settings, secret, resolve = lookup }: WebhookTargetOptions): Target {
  const { name, allowPrivate, timeoutMs } = settings;
  const url = new URL(settings.url);
  const signer = createSigner(secret, settings.secretEnv);
  if (!allowPrivate) assertPublic(url);
  const poster = createPoster({
    url,
    timeoutMs,
    ...(allowPrivate ? {} : { lookup: createPublicLookup(resolve) }),
  });
  return {
    last: async () => null,
    laneOf: () => name,
    async send(messages, signal) {
      for (const message of messages) {
        const request = toRequest(signer, message, new Date());
        const answer = await poster.post(request, signal).catch(parkIfPrivate);
        assertDelivered(url, answer);
      }
    },
    async close() {
      poster.close();
    },
  };
}

function createSigner(secret: Secrets, name: string): Webhook {
  const text = secret(name);
  const bytes = Buffer.byteLength(text.replace(/^whsec_/, ''), 'base64');
  try {
    if (bytes >= secretBytesMin) return new Webhook(text);
  } catch {
    // The cause is left out, because it may quote the secret.
  }
  throw new BridgeParkedError(
    `${name} is not a webhook secret: set it to "whsec_" and at least ${secretBytesMin} random ` +
      'bytes in base64, restart the server, then retry the bridge',
  );
}

function assertPublic(url: URL): void {
  const address = toLiteralAddress(url);
  if (address === null || isPublicAddress(address)) return;
  parkIfPrivate(new PrivateAddressError(url.hostname, true));
}

/** Throws the error, or parks the bridge if no address of the endpoint is public. */
function parkIfPrivate(error: unknown): never {
  if (!(error instanceof PrivateAddressError && error.isLasting)) throw error;
  throw new BridgeParkedError(`${error.message}, restart the server, then retry the bridge`);
}

function toRequest(signer: Webhook, message: ChainedMessage, now: Date) {
  const body = toStructured(message);
  return {
    body,
    headers: {
      'content-type': 'application/cloudevents+json',
      'user-agent': 'daybook',
      'webhook-id': message.eventId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signer.sign(message.eventId, now, body),
    },
  };
}

/** Throws unless the answer says that the endpoint has the event. */
function assertDelivered({ host }: URL, { status, retryAfter }: PostAnswer): void {
  if (status >= 200 && status < 300) return;
  if (status === gone) {
    throw new BridgeParkedError(
      `${host} answered 410: the endpoint is gone; repair it, then retry the bridge`,
    );
  }
  if (status >= 300 && status < 400) {
    throw new Error(`${host} answered ${status}: redirects are not followed; set the final URL`);
  }
  throw new RetryLaterError(`${host} answered ${status}`, toRetryAfterMs(retryAfter));
}

/** The time of a `Retry-After` header, in seconds or as a date (RFC 9110), up to an hour. */
function toRetryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), retryAfterMaxMs);
}
