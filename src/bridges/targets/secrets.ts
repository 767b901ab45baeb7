/** The value of a secret by the name of its environment variable. */
export type Secrets = (name: string) => string;
