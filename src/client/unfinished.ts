/** A mutation whose answer has not arrived. It is plain JSON. */
export interface UnfinishedCommand {
  readonly id: string;
  readonly document: string;
  /** With the idempotency keys of the commands. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** RFC 3339. */
  readonly savedAt: string;
}

/** Where a client keeps its commands until they have been answered. */
export interface CommandStore {
  /** Called before a command is sent. If it fails, the command is not sent. */
  save(command: UnfinishedCommand): void | Promise<void>;
  load(): readonly UnfinishedCommand[] | Promise<readonly UnfinishedCommand[]>;
  /** Called when it is known what became of the command. */
  remove(id: string): void | Promise<void>;
}

/** The part of `localStorage` and `sessionStorage` that is used. */
export interface StorageArea {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Keeps unfinished commands in the storage of a browser, each under the prefix and its id. */
export function storeIn(storage: StorageArea, prefix = 'daybook:'): CommandStore {
  return {
    save: (command) => storage.setItem(prefix + command.id, JSON.stringify(command)),
    load() {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
      return keys
        .filter((key) => key.startsWith(prefix))
        .flatMap((key) => parse(storage.getItem(key)))
        .sort((a, b) => (a.savedAt < b.savedAt ? -1 : 1));
    },
    remove: (id) => storage.removeItem(prefix + id),
  };
}

/** Other parts of a page may keep something under the same prefix, which is left alone. */
function parse(text: string | null): readonly UnfinishedCommand[] {
  try {
    const command = JSON.parse(text ?? 'null') as Partial<UnfinishedCommand> | null;
    const texts = [command?.id, command?.document, command?.savedAt];
    const isCommand =
      texts.every((each) => typeof each === 'string') && command?.variables instanceof Object;
    return isCommand ? [command as UnfinishedCommand] : [];
  } catch {
    return [];
  }
}
