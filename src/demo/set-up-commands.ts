import type { ApiClient } from '../import/api-client.ts';
import { SetUpError } from './errors.ts';

/** A command that is sent before trading begins, with its input. */
interface SetUpCommand {
  readonly name: 'openAccount' | 'depositCash' | 'depositShares' | 'listInstrument';
  readonly input: object;
}

export function command(name: SetUpCommand['name'], input: object): SetUpCommand {
  return { name, input };
}

/**
 * Sends commands in one request; the server runs them one after the other. Throws `SetUpError` if a
 * command is rejected; the earlier ones have taken effect.
 */
export async function send(client: ApiClient, commands: readonly SetUpCommand[]): Promise<void> {
  const variables = Object.fromEntries(commands.map(({ input }, index) => [`i${index}`, input]));
  type Result = { readonly code?: string; readonly message?: string };
  const { data } = await client.send<Record<string, Result>>(toMutation(commands), variables);
  for (const [index, { name }] of commands.entries()) {
    const { code, message } = data[`c${index}`] ?? {};
    // Another client may have listed the stock since we looked.
    if (code === undefined || code === 'INSTRUMENT_ALREADY_EXISTS') continue;
    throw new SetUpError(`${name} was rejected: ${code}, ${message}`);
  }
}

function toMutation(commands: readonly SetUpCommand[]): string {
  const variables = commands.map(({ name }, index) => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    return `$i${index}: ${type}`;
  });
  const fields = commands.map(
    ({ name }, index) =>
      `c${index}: ${name}(input: $i${index}) { __typename ... on Error { code message } }`,
  );
  return `mutation SetUp(${variables.join(', ')}) { ${fields.join(' ')} }`;
}
