import { DaybookError } from './errors.ts';

/** A token, or a function that is called for a new one. */
export type TokenSource = string | (() => string | Promise<string>);

/** The token of a client. One call of its source serves all that wait for a new token. */
export interface AccessToken {
  /** The token to send; null if none is configured. Throws TOKEN_UNAVAILABLE. */
  current(): Promise<string | null>;
  /** A token from a new call of the source. */
  fresh(): Promise<string | null>;
  /** A token other than the one that was refused; null if there is none. */
  replace(refused: string | null): Promise<string | null>;
  /** Whether there may be another token after one that was refused. */
  readonly isRenewable: boolean;
}

export function createAccessToken(source: TokenSource | undefined): AccessToken {
  if (typeof source !== 'function') {
    const fixed = async () => source ?? null;
    return { current: fixed, fresh: fixed, replace: async () => null, isRenewable: false };
  }
  const call = source;
  let known: string | null = null;
  let renewal: Promise<string> | null = null;

  async function renew(): Promise<string> {
    try {
      const token = await call();
      known = token;
      return token;
    } catch (cause) {
      throw new DaybookError('TOKEN_UNAVAILABLE', 'the function token failed', { cause });
    }
  }

  function fresh(): Promise<string> {
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    return renewal;
  }

  return {
    isRenewable: true,
    current: async () => known ?? fresh(),
    fresh,
    async replace(refused) {
      const token = known === refused ? await fresh() : known;
      return token === refused ? null : token;
    },
  };
}
