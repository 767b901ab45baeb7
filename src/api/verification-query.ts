import { oneLine } from '../lib/one-line.ts';
import type { SigningState } from '../proof/signer.ts';
import type { Verification } from '../proof/verification.ts';
import type { Builder } from './builder.ts';
import { access } from './root-access.ts';

/** Largest value of the type Int. */
const intMax = 2 ** 31 - 1;

type State = Verification & { readonly signing: SigningState };

/** Adds `Query.verification`, which shows operators that the log is as it was recorded. */
export function addVerificationQuery(builder: Builder): void {
  const verification = builder.objectRef<State>('Verification').implement({
    description: oneLine`What the servers have verified of the log, in the background: that its
      events and command records are those that were recorded.`,
    fields: (t) => ({
      from: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number of the first event that is verified: the first
          one that is not archived.`,
        resolve: ({ archived }) => archived + 1,
      }),
      to: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number of the last event that is verified. 0 if there is
          none yet.`,
        resolve: lastOf,
      }),
      events: t.int({
        description: 'The number of events that are verified.',
        resolve: (state) => Math.min(Math.max(lastOf(state) - state.archived, 0), intMax),
      }),
      ok: t.boolean({
        description: 'Whether no fault has been found.',
        resolve: ({ fault }) => fault === null,
      }),
      fault: t.exposeString('fault', {
        nullable: true,
        description: oneLine`The first sequence number at which the log is not as it was recorded,
          and what is wrong with it. Null if no fault has been found. \`daybook verify\` also
          compares the signed heads.`,
      }),
      begunAt: t.expose('begunAt', {
        type: 'DateTime',
        description: oneLine`When the verification last began at the first event. It begins again
          each day.`,
      }),
      checkedAt: t.expose('checkedAt', {
        type: 'DateTime',
        description: 'When the last part was verified.',
      }),
      signed: t.field({
        type: 'Sequence',
        description: oneLine`The sequence number of the last head of the log that was signed in the
          file of this server. 0 if there is none.`,
        resolve: ({ signing }) => signing.sequence,
      }),
      signingFault: t.string({
        nullable: true,
        description: 'Why this server cannot sign heads of the log now. Null if it can.',
        resolve: ({ signing }) => signing.fault,
      }),
    }),
  });
  builder.queryField('verification', (t) =>
    t.field({
      extensions: access('LOG'),
      type: verification,
      nullable: true,
      description: 'Shows how far the servers have verified the log in the background.',
      async resolve(_root, _args, { engine, read, readsOutsideLog }) {
        readsOutsideLog('verification');
        const { verification: verified, signing } = engine.proof;
        return { ...(await read(verified)), signing: signing() };
      },
    }),
  );
}

function lastOf({ position }: Verification): number {
  return position?.sequence ?? 0;
}
