/** What a role is for, in the descriptions of the API. */
export const roleDescriptions = {
  CUSTOMER: 'Owns accounts, and acts for accounts to which their owners have given it access.',
  OPERATOR: 'Sees all accounts, and moves money and shares for customers.',
  MARKET: 'Lists instruments, records prices, and halts and resumes trading.',
  AUDITOR: 'Sees everything that was recorded, and changes nothing.',
  ADMIN: 'Operates the server: its views and its bridges.',
} as const;

/** What an actor is for. An actor with several roles has the rights of all of them. */
export type Role = keyof typeof roleDescriptions;

/** Who sends a request, with the roles of its token. */
export interface Caller {
  readonly actor: string;
  readonly roles: readonly Role[];
}

export function hasRole({ roles }: Caller, ...wanted: readonly Role[]): boolean {
  return roles.some((role) => wanted.includes(role));
}

export const allRoles = Object.keys(roleDescriptions) as readonly Role[];

export function isRole(name: string): name is Role {
  return Object.hasOwn(roleDescriptions, name);
}
