/** Who may do what over the API. */

/** Each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export function mayAct(as: Role, needed: Role): boolean {
  return ROLES.indexOf(as) >= ROLES.indexOf(needed);
}
